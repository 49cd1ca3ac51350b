import Foundation
import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite("Servers of tests", .needsPostgres, .timeLimit(.minutes(15)))
struct PostgresServerTests {
  @Test func itListensOnASocketInItsFolderAlone() throws {
    let server = try PostgresServer.shared()
    let connection = try WireBench.connect(to: server.address())
    let places = Statement(
      name: "places",
      sql: "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')")
    let row = try connection.run(places, within: .patient)[0]
    #expect(row.text(0) == "")
    #expect(row.text(1) == server.folder)
  }

  /// Tests about durability have one of their own.
  @Test func oneOfItsOwnSyncs() throws {
    let sync = Statement(name: "sync", sql: "SELECT current_setting('fsync')")
    let own = try PostgresServer()
    #expect(try WireBench.connect(to: own.address()).run(sync, within: .patient)[0].text(0) == "on")
    let shared = try PostgresServer.shared()
    #expect(try WireBench.connect(to: shared.address()).run(sync, within: .patient)[0].text(0) == "off")
  }

  @Test(arguments: [PostgresServer.Stop.fast, .immediate, .kill])
  func whatWasCommittedIsThereAfterItsEnd(_ how: PostgresServer.Stop) throws {
    let server = try PostgresServer()
    let bench = try WireBench(on: server)
    let connection = try bench.connectWithItems()
    try connection.insert([1])
    try server.stop(how)
    #expect(server.processID == nil)
    #expect(throws: PostgresError.self) { try bench.connect() }
    try server.configure(["work_mem": "3MB"])
    try server.start()
    let after = try bench.connect()
    #expect(try after.itemCount == 1)
    let memory = Statement(name: "memory", sql: "SELECT current_setting('work_mem')")
    #expect(try after.run(memory, within: .patient)[0].text(0) == "3MB")
  }

  @Test func aDatabaseIsACopyOfAnotherAndGoesWithItsObject() throws {
    let server = try PostgresServer.shared()
    let original = try WireBench()
    let connection = try original.connectWithItems()
    try connection.insert([1])
    connection.close()
    var copy: TestDatabase? = try server.database(like: original.database.name)
    let name = try #require(copy).name
    #expect(try WireBench.connect(to: #require(copy).address).itemCount == 1)
    copy = nil
    let error = try #require(throws: PostgresError.self) {
      try WireBench.connect(to: server.address(database: name))
    }
    #expect(error.state == "3D000")
  }

  /// What the kernel closes for a test process that is killed is closed here by hand.
  @Test func withItsTestProcessTheServerAndItsFolderGo() throws {
    let server = try PostgresServer()
    let connection = try WireBench.connect(to: server.address())
    #expect(FileManager.default.fileExists(atPath: server.folder))
    try server.abandon()
    #expect(!FileManager.default.fileExists(atPath: server.folder))
    #expect(throws: PostgresError.self) { try connection.execute("SELECT 1", within: .patient) }
  }

  @Test func oneThatATestHasStoppedGoesWithItsTestProcess() throws {
    let server = try PostgresServer()
    let process = try #require(server.processID)
    kill(process, SIGSTOP)
    try server.abandon()
    #expect(!FileManager.default.fileExists(atPath: server.folder))
  }
}

import RelayPostgresSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("Commits that no standby confirms", .needsPostgres, .timeLimit(.minutes(15)))
struct StandbyTests {
  private let bench: WireBench
  private let witness: PostgresConnection

  init() throws {
    let server = try PostgresServer(
      settings: PostgresServer.unsynced.merging(["synchronous_standby_names": "nobody"]) { $1 })
    bench = try WireBench(on: server)
    witness = try bench.connectWithItems(settings: ["synchronous_commit": "local"])
  }

  /// Commits on a thread of its own, and has its wait for a standby ended by a function of the server.
  private func failure(
    endedBy function: String,
    _ connect: (@Sendable (ServerAddress) throws -> PostgresConnection)? = nil
  ) throws -> PostgresError? {
    let told = Monitor<Int32?>(nil)
    let ended = Monitor<PostgresError??>(nil)
    let address = bench.database.address
    let thread = WorkerThread(name: "commits") {
      do {
        let connection = try connect?(address) ?? WireBench.connect(to: address)
        told.update { $0 = connection.backendID }
        try connection.insert([1])
        ended.update { $0 = .some(nil) }
      } catch {
        ended.update { $0 = .some(error as? PostgresError) }
      }
    }
    let backend = try #require(told.wait(timeout: .patient) { $0 })
    try witness.wait(until: backend, waitsFor: "SyncRep")
    try witness.execute("SELECT \(function)(\(backend))", within: .patient)
    thread.join()
    return try #require(ended.wait(timeout: .patient) { $0 })
  }

  @Test func aWaitThatWasEndedIsTold() throws {
    let error = try #require(try failure(endedBy: "pg_cancel_backend"))
    #expect(error.kind == .notReplicated)
    #expect(error.isUnknownOutcome)
    #expect(error.detail?.contains("committed locally") == true)
    #expect(error.hint?.contains("standbys") == true)
    #expect(try witness.itemCount == 1)
  }

  /// Its messages would be kept back, and a commit that no standby has look as one that all have.
  @Test func aWaitThatWasEndedIsToldAlsoToARoleThatWantsToHearOfErrorsAlone() throws {
    try witness.execute(
      """
      CREATE ROLE silent LOGIN; ALTER ROLE silent SET client_min_messages = error;
      GRANT INSERT ON item TO silent
      """, within: .patient)
    let url = bench.database.server.url(database: bench.database.name, user: "silent")
    let error = try failure(endedBy: "pg_cancel_backend") { _ in
      let opener = SessionOpener(address: try ServerAddress(url: url), applicationName: "x", limit: .patient)
      let connection = try opener.open(.writer)
      try connection.execute("SET search_path = public", within: .patient)
      return connection
    }
    #expect(error?.kind == .notReplicated)
    #expect(try witness.itemCount == 1)
  }

  /// 57P01 comes as a warning then, since the commit is there.
  @Test func aBackendThatIsEndedInTheWaitLeavesTheOutcomeUnknown() throws {
    let error = try #require(try failure(endedBy: "pg_terminate_backend"))
    #expect(error.kind == .connection)
    #expect(error.isUnknownOutcome)
    #expect(try witness.itemCount == 1)
  }
}

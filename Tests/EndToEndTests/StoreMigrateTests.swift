import Foundation
import RelayCore
import RelayHarness
import RelayPostgresSupport
import RelayTools
import Testing

@testable import RelayPostgres

/// `store migrate` by the real binary, and what goes out after it.
@Suite(
  .enabled(if: PostgresInstallation.isThere, "\(PostgresInstallation.missing)"), .timeLimit(.minutes(15)))
struct StoreMigrateTests {
  private static func yaml(_ store: String, sink: ListenAddress, destination: String = "") -> String {
    """
    server: { listen: "127.0.0.1:0", admin: off }
    store: { url: "\(store)", dead_retention: unlimited }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://\(sink)/", \(destination) } }
    routes: [{ name: all, to: crm }]
    """
  }

  private func connection(_ database: TestDatabase) throws -> PostgresConnection {
    try PostgresConnection(database.address, applicationName: "tests", within: .seconds(60))
  }

  private func migrate(_ setting: Setting, to database: TestDatabase) -> [String] {
    ["store", "migrate", "--config", setting.configuration, "--to", database.url]
  }

  /// Whether the move has begun, and what has arrived is not moved yet.
  private func isInTheMiddle(_ database: TestDatabase) throws -> Bool {
    let connection = try connection(database)
    defer { connection.close() }
    let there = try connection.run(SchemaStatements.hasStore, within: .seconds(60))[0].bool(0)
    guard there else { return false }
    let row = try connection.run(
      Statement(name: "moving", sql: "SELECT max(step) FROM \(Schema.name).moving"), within: .seconds(60))[0]
    return row.optionalInt32(0) == MoveProgress.Step.arrivals.rawValue
  }

  /// Nobody makes tables of days meanwhile: a move can't go on.
  private func hold(_ database: TestDatabase) throws -> PostgresConnection {
    let connection = try connection(database)
    try connection.execute("SELECT pg_advisory_lock(x'6875676779646179'::int8)", within: .seconds(60))
    return connection
  }

  @Test func whatWasPendingGoesOutUnderTheSameIDsAfterAMoveThatWasKilled() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    let database = try PostgresServer.shared().database()
    let file = "sqlite:data/relay.db"
    let setting = try Setting(Self.yaml(file, sink: address, destination: "paused: true"))
    var relay = try setting.start()
    let url = try #require(relay.ingestURL())
    var accepted: Set<String> = []
    for number in 1...20 {
      accepted.formUnion(try answer(to: envelope(("a", "\"id\":\(number)")), at: url).events)
    }
    let refused = try Setting.run(migrate(setting, to: database))
    #expect(refused.status == 1 && refused.errors.contains("in use by another huggy-relay"), "\(refused)")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let before = FileManager.default.contents(atPath: setting.database)

    let held = try hold(database)
    let move = try RelayProcess(executable: Setting.binary, arguments: migrate(setting, to: database))
    _ = try await eventually {
      try isInTheMiddle(database)
    } until: {
      $0
    }
    move.send(signal: SIGKILL)
    #expect(move.waitForExit() != 0)
    try setting.rewrite(Self.yaml(database.url, sink: address))
    let early = try await eventually {
      try Setting.run(["serve", "--config", setting.configuration])
    } until: {
      // The server may take a moment to see that the killed one is gone.
      !$0.errors.contains("another relay has this store open")
    }
    #expect(early.status != 0 && early.errors.contains("not all is moved yet"), "\(early)")
    held.close()

    try setting.rewrite(Self.yaml(file, sink: address, destination: "paused: true"))
    let moved = try await eventually {
      try Setting.run(migrate(setting, to: database))
    } until: {
      $0.status == 0
    }
    #expect(
      moved.output.contains("20 events, 20 deliveries") && moved.output.contains("is sound"), "\(moved)")
    #expect(FileManager.default.contents(atPath: setting.database) == before)
    let again = try Setting.run(migrate(setting, to: database) + ["--json"])
    #expect(again.status == 0 && again.output.contains(#""moved":null"#), "\(again)")

    try setting.rewrite(Self.yaml(database.url, sink: address))
    relay = try setting.start()
    #expect(received.wait { $0.count >= 20 })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    #expect(received.all.count == 20 && Set(received.all.compactMap(\.webhookID)) == accepted)
    await sink.stop()
  }

  @Test func whatCanNotBeMovedIsRefusedWithWhatToDo() throws {
    let address = ListenAddress(host: "127.0.0.1", port: 9)
    let setting = try Setting(Self.yaml("sqlite:data/relay.db", sink: address))
    let command = ["store", "migrate", "--config", setting.configuration, "--to"]
    let wrong = try Setting.run(command + ["sqlite:other.db"])
    #expect(wrong.status == 64 && wrong.errors.contains("--to names a database"), "\(wrong)")
    let missing = try Setting.run(command + ["postgres://relay@127.0.0.1:9/huggy"])
    #expect(missing.status == 1 && missing.errors.contains("data/relay.db"), "\(missing)")
    try setting.rewrite(Self.yaml("postgres://relay@127.0.0.1:9/huggy", sink: address))
    let there = try Setting.run(command + ["postgres://relay@127.0.0.1:9/huggy"])
    #expect(there.status == 1 && there.errors.contains("--config has to name the file"), "\(there)")
  }
}

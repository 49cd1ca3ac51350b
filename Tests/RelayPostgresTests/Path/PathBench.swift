import RelayCore
import RelayPostgresSupport
import RelayTestSupport

@testable import RelayPostgres

/// A store behind a way that can be broken, in a database of its own.
final class PathBench: Sendable {
  let database: TestDatabase
  let way: TurnCounter
  let make = TestEnvelopes()
  let clock = ManualClock()
  let observer = RecordingObserver()

  /// - Parameter server: nil: the one that tests share.
  init(on server: PostgresServer? = nil) throws {
    database = try (server ?? PostgresServer.shared()).database()
    way = try TurnCounter(to: database)
  }

  /// - Parameters:
  ///   - isDirect: Not by the way that can be broken.
  ///   - patience: How long a call of the server may take.
  func open(isDirect: Bool = false, patience: Duration = .seconds(60)) async throws -> PostgresStore {
    let store = try PostgresStore(
      isDirect ? database.address : way.address,
      as: NodeIdentity(name: "test", version: "0", configurationHash: "c1"), clock: clock,
      duplicateLimit: 1_000, patience: patience, hangAfter: .seconds(60), keepsItself: false,
      observer: observer)
    try await store.configure(.test)
    return store
  }

  /// Asks the database, beside the store.
  func ask(_ sql: String) throws -> Rows {
    let connection = try PostgresConnection(
      database.address, applicationName: "bench", within: .seconds(60),
      settings: ["search_path": Schema.name])
    defer { connection.close() }
    return try connection.run(Statement(name: "asked", sql: sql), Parameters(), within: .seconds(60))
  }

  /// Which standby commits wait for; empty: for none.
  func setStandby(_ name: String) throws {
    let connection = try PostgresConnection(database.address, applicationName: "bench", within: .seconds(60))
    defer { connection.close() }
    // What is said of the server as a whole is in no transaction.
    try connection.execute("ALTER SYSTEM SET synchronous_standby_names = '\(name)'", within: .seconds(60))
    try connection.execute("SELECT pg_reload_conf()", within: .seconds(60))
    while try ask("SHOW synchronous_standby_names")[0].text(0) != name {}
  }
}

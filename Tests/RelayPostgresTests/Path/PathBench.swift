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

  init() throws {
    database = try PostgresServer.shared().database()
    way = try TurnCounter(to: database)
  }

  /// - Parameter isDirect: Not by the way that can be broken.
  func open(isDirect: Bool = false) async throws -> PostgresStore {
    let store = try PostgresStore(
      isDirect ? database.address : way.address,
      as: NodeIdentity(name: "test", version: "0", configurationHash: "c1"), clock: clock,
      duplicateLimit: 1_000, hangAfter: .seconds(60), observer: observer)
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
}

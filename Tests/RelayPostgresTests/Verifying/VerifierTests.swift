import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// `store verify` over PostgreSQL: whatever is wrong with a store is found, and a sound one is sound.
@Suite("Verifying", .needsPostgres, .timeLimit(.minutes(15)))
struct VerifierTests {
  /// A store that was used, from which the tests have copies.
  private static let filled = Filled()

  private actor Filled {
    private var making: Task<TestDatabase, any Error>?

    func copy() async throws -> TestDatabase {
      let making = making ?? Task { try await Self.make() }
      self.making = making
      return try PostgresServer.shared().database(like: try await making.value.name)
    }

    private static func make() async throws -> TestDatabase {
      let home = try PostgresHome()
      let store = try home.open(
        clock: ManualClock(), duplicateLimit: 1_000, hangAfter: .seconds(60), observer: nil)
      defer { store.close() }
      try await store.fill()
      return home.database
    }
  }

  private func verify(_ database: TestDatabase) throws -> StoreVerification {
    try PostgresVerifier(isSound: { $0.first == UInt8(ascii: "{") }).verify(DatabaseAddress(database.url))
  }

  @Test func aStoreThatWasUsedIsSound() async throws {
    let verification = try verify(try await Self.filled.copy())
    #expect(verification.isSound, "\(verification.checks.flatMap(\.problems))")
    #expect(verification.note == nil)
    #expect(
      verification.checks.map(\.name) == [
        "deliveries", "books", "references", "order keys", "events", "replays",
      ])
    #expect(verification.checks.map(\.count) == [19, 3, nil, 1, 13, 2])
  }

  @Test func aStoreInUseIsLookedAtToo() async throws {
    let home = try PostgresHome()
    let store = try home.open(
      clock: ManualClock(), duplicateLimit: 1_000, hangAfter: .seconds(60), observer: nil)
    defer { store.close() }
    try await store.configure(.test)
    _ = try await store.stored(TestEnvelopes().envelope(to: ["crm", "bi"], events: 3))
    let verification = try verify(home.database)
    #expect(verification.isSound, "\(verification.checks.flatMap(\.problems))")
    #expect(verification.checks[0].count == 6)
  }

  @Test func aDatabaseWithoutAStoreIsToldAsSuch() throws {
    let verification = try verify(try PostgresServer.shared().database())
    #expect(verification.checks.isEmpty && verification.note?.contains("holds no store yet") == true)
  }

  /// Makes the books of all destinations wrong, whatever of them is folded.
  private static func books(add difference: Int, to column: String) -> String {
    """
    INSERT INTO book (destination, pending, replaying, dead, delivered, discarded, overflowed, backlog_bytes)
    SELECT id, 0, 0, 0, 0, 0, 0, 0 FROM destination ON CONFLICT DO NOTHING;
    UPDATE book SET \(column) = \(column) + \(difference)
    """
  }

  static let damages: [(damage: String, check: String)] = [
    (books(add: 1, to: "pending"), "books"), (books(add: 3, to: "backlog_bytes"), "books"),
    (books(add: -1, to: "overflowed"), "books"), (books(add: -1, to: "replaying"), "books"),
    ("UPDATE delivery SET state = 9 WHERE id = (SELECT min(id) FROM delivery)", "deliveries"),
    ("UPDATE delivery SET settled = NULL WHERE state = 3", "deliveries"),
    ("UPDATE delivery SET settled = 1 WHERE state = 0", "deliveries"),
    ("UPDATE delivery SET due = NULL WHERE state = 1", "deliveries"),
    ("UPDATE delivery SET due = NULL WHERE state = 4", "deliveries"),
    ("UPDATE delivery SET due = 1 WHERE state = 3", "deliveries"),
    ("UPDATE delivery SET reason = NULL WHERE state = 4", "deliveries"),
    ("UPDATE delivery SET shelf = NULL WHERE state = 4", "deliveries"),
    ("UPDATE delivery SET shelf = 0 WHERE state = 0 AND run > 0", "deliveries"),
    ("UPDATE delivery SET shelf = -4 WHERE state = 0 AND run = 0", "deliveries"),
    (
      "UPDATE delivery SET shelf = NULL WHERE state = 0; UPDATE unlisted SET first = 9223372036854775807",
      "deliveries"
    ),
    ("UPDATE delivery SET state = 2, shelf = 2 WHERE order_key IS NOT NULL", "order keys"),
    ("UPDATE delivery SET state = 0, shelf = 0 WHERE order_key IS NOT NULL", "order keys"),
    (
      "DELETE FROM delivery WHERE id = (SELECT id FROM delivery WHERE run = 0 ORDER BY id OFFSET 2 LIMIT 1)",
      "events"
    ),
    ("UPDATE event SET deliveries = 1 WHERE deliveries = 2", "events"),
    ("UPDATE event SET first_delivery = NULL WHERE deliveries = 2", "events"),
    ("UPDATE event SET body = '' WHERE erased IS NULL", "events"),
    ("UPDATE event SET body = 'x' WHERE erased IS NULL", "events"),
    ("DELETE FROM event WHERE deliveries > 0", "references"),
    ("DELETE FROM source", "references"),
    ("DELETE FROM route", "references"),
    ("DELETE FROM replayed WHERE delivery = (SELECT max(delivery) FROM replayed)", "replays"),
    (
      "UPDATE replayed SET event = gen_random_uuid() WHERE delivery = (SELECT max(delivery) FROM replayed)",
      "replays"
    ),
    ("UPDATE replay SET queued = queued + 1 WHERE id = 1", "replays"),
    ("UPDATE replay SET dead = dead - 1 WHERE id = 2", "replays"),
    ("UPDATE replay SET ended = NULL WHERE walk = 2", "replays"),
  ]

  @Test(arguments: damages) func whateverIsWrongIsFound(damage: String, check: String) async throws {
    let database = try await Self.filled.copy()
    let connection = try PostgresConnection(
      database.address, applicationName: "bench", within: .patient, settings: ["search_path": Schema.name])
    try connection.execute(damage, within: .patient)
    connection.close()
    let verification = try verify(database)
    let wrong = verification.checks.filter { $0.problemCount > 0 }
    #expect(wrong.contains { $0.name == check && !$0.problems.isEmpty }, "\(wrong.map(\.name))")
    #expect(!verification.isSound)
  }

  @Test func ofMuchThatIsWrongTheFirstIsToldAndAllIsCounted() async throws {
    let home = try PostgresHome()
    let store = try home.open(
      clock: ManualClock(), duplicateLimit: 1_000, hangAfter: .seconds(60), observer: nil)
    try await store.configure(.test)
    _ = try await store.stored(TestEnvelopes().envelope(events: 30))
    store.close()
    let connection = try WireBench.connect(to: home.database.address)
    try connection.execute("UPDATE \(Schema.name).delivery SET settled = 1", within: .patient)
    connection.close()
    let deliveries = try verify(home.database).checks[0]
    #expect(deliveries.problemCount == 30 && deliveries.problems.count == StoreVerification.Check.told)
  }
}

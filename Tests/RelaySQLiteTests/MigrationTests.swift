import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// A store that an earlier release has left: its first rows are older than all of its migrations.
struct MigrationTests {
  /// How many migrations a store may have behind it that is not up to date.
  private static let versions = 1..<Int(Schema.version)

  private let home: SQLiteHome

  init() throws {
    home = try SQLiteHome()
  }

  /// - Parameter more: Rows besides, in the first schema.
  private func leave(_ version: Int, _ more: String = "") throws {
    let connection = try Connection(path: home.path)
    try Schema.configure(connection)
    try connection.execute(Schema.migrations[0])
    try connection.execute(
      """
      INSERT INTO source VALUES (1, 'huggy');
      INSERT INTO destination VALUES (1, 'crm'), (2, 'bi'), (4, 'unused');
      INSERT INTO route VALUES (1, 'all');
      INSERT INTO configuration VALUES (1, 'c1');
      INSERT INTO envelope VALUES (1, 1, 1, \(Timestamp.second(1).microseconds), zeroblob(16), 2, NULL, NULL, NULL);
      INSERT INTO event VALUES (1, x'00000000000000000000000000000001', 1, 'a', NULL, NULL, NULL, '7', '1', 0, '{}');
      INSERT INTO event VALUES
        (2, x'00000000000000000000000000000002', 1, 'a', NULL, NULL, NULL, '7', '1', 0, zeroblob(1000));
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since, due, settled, reason) VALUES
        (1, 1, 1, 1, 0, 0, 0, 5, NULL, NULL, NULL), (2, 1, 2, 1, 0, 1, 3, 5, 60, NULL, NULL),
        (3, 2, 1, 1, 0, 4, 9, 5, NULL, 70, 2), (4, 2, 2, 1, 0, 3, 1, 5, NULL, 80, NULL),
        (5, 2, 1, 1, 0, 0, 0, 5, NULL, NULL, NULL);
      """)
    try connection.execute(more)
    for migration in Schema.migrations[1..<version] { try connection.execute(migration) }
    try connection.execute(
      "PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(version)")
  }

  @Test(arguments: versions) func itsBooksAreWhatItsRowsSay(version: Int) throws {
    try leave(version)
    let session = try StoreSession(path: home.path, duplicateLimit: 10)
    #expect(
      session.destinations.all.books == [
        "crm": Books(pending: 2, dead: 1), "bi": Books(pending: 1, delivered: 1),
      ])
    #expect(session.destinations.all.map(\.backlogBytes) == [514 + 2 * 1_512, 514, 0])
    #expect(session.destinations.all.map(\.ordering) == [Ordering.none, Ordering.none, Ordering.none])
    #expect(try session.connection.integer("PRAGMA user_version") == Schema.version)
    #expect(try session.connection.text("PRAGMA integrity_check") == "ok")
  }

  @Test(arguments: versions) func itsEventsKnowTheirDeliveries(version: Int) throws {
    try leave(version)
    let session = try StoreSession(path: home.path, duplicateLimit: 10)
    let records = try RecordReader(session.connection)
    for (event, deliveries) in [(1, [1, 2]), (2, [3, 4, 5])] as [(Int64, [Int64])] {
      let found = try records.deliveries(of: EventRowID(rawValue: event))
      #expect(found.map(\.rawValue) == deliveries)
    }
  }

  @Test(arguments: versions) func itsDeliveriesGoOnWhereTheyWere(version: Int) async throws {
    try leave(version)
    let store = try home.open(clock: ManualClock(), duplicateLimit: 10)
    try await store.configure(.test)
    let retrying = await store.claim(.retrying, of: "bi").deliveries
    #expect(retrying.map(\.attempts) == [3] && retrying.map(\.countedAttempts) == [3])
    #expect(await store.claim().ids.map(\.rawValue) == [1, 5])
    #expect(try await store.change(.retry(at: .second(0)), .filter(DeliveryFilter())) == 1)
    try await store.reorder(by: .chat)
    try await store.settle(retrying.only.settled(.delivered))
    #expect(try await store.books() == ["crm": Books(pending: 3), "bi": Books(delivered: 2)])
    #expect(try await store.destinations().map(\.name) == ["crm", "bi", "unused", "audit"])
    store.close()
  }

  // MARK: Ids and retention

  /// Ids that do not rise, envelopes without events, and deliveries that were settled soon and late.
  private static let history: String = {
    let received = Timestamp.second(1).microseconds
    func envelope(_ row: Int, _ first: Int, _ count: Int) -> String {
      "(\(row), 1, 1, \(received), \(uuid(first)), \(count), x'AA', NULL, NULL)"
    }
    func event(_ row: Int, _ id: Int, of envelope: Int) -> String {
      "(\(row), \(uuid(id)), \(envelope), 'a', NULL, NULL, NULL, '7', '1', 0, 'body \(id)')"
    }
    func delivery(_ row: Int, of event: Int, _ state: DeliveryState, settled: Int?) -> String {
      let settled = settled.map { "\(received + Int64($0) * 1_000_000)" } ?? "NULL"
      return "(\(row), \(event), 4, 1, 0, \(state.rawValue), 1, \(received), NULL, \(settled), NULL)"
    }
    func uuid(_ number: Int) -> String { "x'000000000000000000000000000000\(number)'" }
    return """
      INSERT INTO envelope VALUES
        \(envelope(2, 50, 3)), \(envelope(3, 20, 2)), \(envelope(4, 53, 9)), \(envelope(5, 70, 1)), \(envelope(6, 60, 1));
      INSERT INTO event VALUES
        \(event(3, 50, of: 2)), \(event(4, 51, of: 2)), \(event(5, 52, of: 2)), \(event(6, 20, of: 3)),
        \(event(7, 21, of: 3)), \(event(8, 70, of: 5)), \(event(9, 60, of: 6));
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since, due, settled, reason) VALUES
        \(delivery(6, of: 3, .delivered, settled: 60)), \(delivery(7, of: 4, .delivered, settled: 61)),
        \(delivery(8, of: 5, .discarded, settled: 61)), \(delivery(9, of: 6, .dead, settled: 61)),
        \(delivery(10, of: 8, .fresh, settled: nil)), \(delivery(11, of: 9, .delivered, settled: 1));
      """
  }()

  @Test(arguments: versions) func itsEventsAreFoundByTheirIDs(version: Int) throws {
    try leave(version, Self.history)
    let session = try StoreSession(path: home.path, duplicateLimit: 10)
    let rows = try session.connection.texts("SELECT event || ' ' || previous FROM straggler ORDER BY event")
    #expect(rows == ["6 5", "7 5", "9 8"])
    let lookup = try LookupSession(path: home.path)
    func digits(_ number: Int) -> EventID { EventID(high: 0, low: UInt64(number / 10 * 16 + number % 10)) }
    for number in 0...99 {
      let event = try lookup.event(digits(number))
      let isThere = [1, 2, 50, 51, 52, 20, 21, 70, 60].contains(number)
      #expect((event != nil) == isThere)
      if number >= 20 { #expect(event?.body == (isThere ? Array("body \(number)".utf8) : nil)) }
    }
    #expect(session.order.highest == EventOrder.Place(id: digits(70), row: 8))
  }

  @Test(arguments: versions) func itsEnvelopesKnowTheirEvents(version: Int) throws {
    try leave(version, Self.history)
    let session = try StoreSession(path: home.path, duplicateLimit: 10)
    let rows = try session.connection.texts("SELECT first_row FROM envelope ORDER BY id")
    #expect(rows == ["1", "3", "6", "NULL", "8", "9"])
  }

  @Test(arguments: versions) func retentionGoesOnWithIt(version: Int) throws {
    try leave(version, Self.history)
    let bench = try KeepingBench(path: home.path)
    // What was settled late, and what is dead.
    let entries = try bench.connection.texts("SELECT id FROM delivery WHERE revisit = settled ORDER BY id")
    #expect(entries == ["3", "7", "8", "9"])
    bench.configure()
    // One that was settled a minute after its receipt holds up the one without deliveries, not those after it.
    bench.keep(at: 1_001)
    #expect(try bench.rows("event") == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    bench.keep(at: 1_062)
    #expect(try bench.rows("event") == [1, 2, 6, 8, 9])
    bench.keep(at: 10_000)
    #expect(try bench.rows("event") == [1, 2, 6, 8, 9])
    #expect(try bench.rows("envelope") == [1, 3, 5, 6])
    #expect(try bench.connection.texts("SELECT event FROM straggler ORDER BY event") == ["6", "9"])
  }
}

import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// A store that the first release has left.
struct MigrationTests {
  private let home: SQLiteHome

  init() throws {
    home = try SQLiteHome()
    let connection = try Connection(path: home.path)
    try Schema.configure(connection)
    try connection.execute(Schema.migrations[0])
    try connection.execute(
      """
      PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = 1;
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
  }

  @Test func itsBooksAreWhatItsRowsSay() throws {
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

  @Test func itsEventsKnowTheirDeliveries() throws {
    let session = try StoreSession(path: home.path, duplicateLimit: 10)
    let lookup = try LookupStatements(session.connection)
    for (event, deliveries) in [(1, [1, 2]), (2, [3, 4, 5])] as [(Int64, [Int64])] {
      lookup.deliveriesOfEvent.bind(1, event)
      var found: [Int64] = []
      while try lookup.deliveriesOfEvent.step() { found.append(lookup.deliveriesOfEvent.integer(0)) }
      #expect(found == deliveries)
    }
  }

  @Test func itsDeliveriesGoOnWhereTheyWere() async throws {
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
}

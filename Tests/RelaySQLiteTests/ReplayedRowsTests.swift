import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What a replay does to the rows that others look for, and how it finds its own.
struct ReplayedRowsTests {
  private let bench: SessionBench

  init() throws {
    bench = try SessionBench()
  }

  private func entry(_ event: Event, at place: Int64?) -> ReplayStep.Entry {
    ReplayStep.Entry(
      event: event.id, place: place.map(EventCursor.init), source: "huggy", chat: nil, bytes: event.footprint,
      targets: [ReplayStep.Target(destination: "crm")])
  }

  /// - Returns: How many it queued.
  private func queue(_ entries: [ReplayStep.Entry]) throws -> Int {
    let step = ReplayStep(replay: try bench.begin().id, entries: entries, cursor: "end", isLast: true)
    return try #require(try bench.queue(step)()?.get()).queued
  }

  @Test func anEventIsQueuedWhereItStandsAndNoOtherInItsPlace() throws {
    let events = bench.make.envelope(to: [], events: 3)
    _ = bench.write([events])
    let (first, third) = (events.events[0].event, events.events[2].event)
    #expect(try queue([entry(first, at: 1), entry(third, at: 3)]) == 2)
    #expect(try queue([entry(first, at: nil), entry(third, at: nil)]) == 2)
    // The place is another's, or nobody's any more.
    #expect(try queue([entry(first, at: 2), entry(third, at: 9)]) == 0)
  }

  /// A search would take each of them for one that may be anywhere, and after many use no index.
  @Test func whatWasReplayedIsNotTakenForWhatCameLate() throws {
    let late = bench.make.envelope(to: [], bytes: 1, at: .second(0))
    _ = bench.write([late])
    let others = bench.make.envelope(events: 3, at: .second(1))
    let live = try bench.stored(others)
    bench.clock.set(.second(2))
    _ = bench.settle(live[0].settled(.delivered))
    _ = bench.write([bench.make.envelope(bytes: 1, at: .second(2))])
    #expect(try queue(others.events.map { entry($0.event, at: nil) }) == 3)
    let connection = try Connection(path: bench.home.path, readOnly: true)
    #expect(try EventBounds(connection).lateEvents(limit: 1)?.rows == [1])
    // Among deliveries both stand later than their events came.
    let lookup = try LookupSession(path: bench.home.path)
    let early = DeliveryFilter(until: .second(2))
    let found = try lookup.deliveries(early, after: nil, limit: 99).deliveries
    #expect(found.map(\.id.rawValue) == [7, 6, 5, 4, 3, 2, 1])
  }

  @Test(arguments: ["deliveries = -3", "first_delivery = 9223372036854775800, deliveries = 100"])
  func anEventWhoseRowIsDamagedHasNoDeliveries(damage: String) throws {
    _ = try bench.stored(bench.make.envelope())
    try bench.session.connection.execute("UPDATE event SET \(damage)")
    let request = EventPageRequest(filter: EventFilter(), order: .oldestFirst, limit: 9)
    let page = try LookupSession(path: bench.home.path).replayable(request)
    #expect(page.events.map(\.standings) == [[]])
  }

  // MARK: Going along a table

  private func rows(_ keys: [Int64]) throws -> RisingRows {
    let connection = try Connection(path: ":memory:")
    try connection.execute("CREATE TABLE t (k INTEGER, n INTEGER, PRIMARY KEY (k, n)) WITHOUT ROWID")
    for (place, key) in keys.enumerated() {
      try connection.execute("INSERT INTO t VALUES (\(key), \(place))")
    }
    return RisingRows(try connection.prepare("SELECT k, n FROM t WHERE k >= ?1 ORDER BY k, n"))
  }

  /// The places of a key's rows.
  private func places(_ key: Int64, _ rows: RisingRows) throws -> [Int64] {
    var found: [Int64] = []
    var at = try rows.find(key)
    while at == key {
      found.append(rows.statement.integer(1))
      at = try rows.next()
    }
    return found
  }

  @Test func rowsAreFoundInWhateverOrderTheyAreAskedFor() throws {
    let keys: [Int64] = [2, 3, 3, 5, 90, 91, 4_000]
    let rows = try rows(keys)
    let asked: [Int64] = [1, 2, 3, 4, 5, 5, 3, 90, 91, 92, 4_000, 4_001, 5_000, 2]
    let shuffled = (0..<300).map { asked[$0 * $0 * 7 % asked.count] }
    for (turn, key) in (asked + shuffled).enumerated() {
      let expected = keys.indices.filter { keys[$0] == key }.map(Int64.init)
      #expect(try places(key, rows) == expected, "\(key)")
      if turn % 50 == 49 { rows.reset() }
    }
  }
}

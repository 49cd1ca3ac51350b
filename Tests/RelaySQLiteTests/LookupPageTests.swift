import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Deliveries by filter, page by page.
struct LookupPageTests {
  private let bench: KeepingBench
  private let session: LookupSession

  init() throws {
    bench = try KeepingBench()
    session = try LookupSession(path: bench.path)
  }

  /// The rows of all pages.
  private func rows(_ filter: DeliveryFilter, limit: Int = 500) throws -> [Int64] {
    var rows: [Int64] = []
    var next: DeliveryID?
    repeat {
      let page = try session.deliveries(filter, after: next, limit: limit)
      #expect(page.deliveries.count <= limit)
      #expect(page.next.map { $0 < next ?? DeliveryID(rawValue: .max) } ?? true)
      rows += page.deliveries.map(\.id.rawValue)
      next = page.next
    } while next != nil
    return rows
  }

  /// Of all pages together.
  private func groups(_ filter: DeliveryFilter) throws -> DeliveryGroups {
    var groups = DeliveryGroups()
    var after: DeliveryID?
    repeat {
      let page = try session.groups(filter, after: after)
      groups.add(page.groups)
      after = page.next
    } while after != nil
    return groups
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func pagesHoldExactlyWhatFitsNewestFirst(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let destinations = ["crm", "bi", "audit"]
    let states = DeliveryState.allCases
    var all: [(row: Int64, state: DeliveryState, destination: String, type: String, received: Int)] = []
    try bench.execute("BEGIN")
    for place in 0..<400 {
      // Arrival is not quite in order of receipt.
      let received = place * 10 - random.below(2) * (9 + random.below(9))
      let type = random.pick(["createdChat", "receivedALLMessage"])
      let deliveries = destinations.filter { _ in random.chance(60) }.map {
        KeepingBench.Row(state: random.pick(states), settled: place, destination: $0)
      }
      let event = try bench.add(at: received, deliveries)[0]
      try bench.execute("UPDATE event SET type = '\(type)' WHERE id = \(event)")
      let rows = try bench.connection.texts("SELECT id FROM delivery WHERE event = \(event) ORDER BY id")
      for (row, delivery) in zip(rows, deliveries) {
        all.append((Int64(row)!, delivery.state, delivery.destination, type, received))
      }
    }
    try bench.execute("UPDATE delivery SET reason = 4 + id % 2 WHERE state = 5")
    try bench.execute("DELETE FROM delivery WHERE id % 3 = 0; COMMIT")
    all.removeAll { $0.row % 3 == 0 }
    for _ in 0..<60 {
      let since = random.chance(40) ? random.below(4_000) : nil
      let until = random.chance(40) ? random.below(4_000) : nil
      let filter = DeliveryFilter(
        state: random.chance(70) ? random.pick(DeliveryFilter.State.allCases) : nil,
        destination: random.chance(50) ? random.pick(destinations) : nil,
        type: random.chance(40) ? random.pick(["CREATEDCHAT", "receivedAllMessage"]) : nil,
        since: since.map { .second($0) }, until: until.map { .second($0) })
      let expected = all.filter { delivery in
        filter.state?.holds(delivery.state, discarded: delivery.row % 2 == 0 ? .overflow : .person) ?? true
          && filter.destination ?? delivery.destination == delivery.destination
          && filter.type?.lowercased() ?? delivery.type.lowercased() == delivery.type.lowercased()
          && since ?? delivery.received <= delivery.received && delivery.received < until ?? .max
      }
      #expect(
        try rows(filter, limit: random.pick([1, 7, 50, 500])) == expected.map { $0.row }.reversed(),
        "\(filter)")
      var counts = DeliveryCounts()
      var after: DeliveryID?
      repeat {
        let page = try session.count(filter, after: after)
        counts.add(page.counts)
        after = page.next
      } while after != nil
      #expect(counts.total == expected.count, "\(filter)")
      let groups = try groups(filter)
      #expect(groups.all.reduce(0) { $0 + $1.count } == expected.count, "\(filter)")
      for group in groups.all {
        let kind = group.kind
        let members = expected.filter {
          $0.destination == kind.destination && $0.type == kind.type
            && DeliveryFilter.State($0.state, discarded: $0.row % 2 == 0 ? .overflow : .person) == kind.state
        }
        #expect(group.count == members.count)
        #expect(group.first == members.map { .second($0.received) }.min())
        #expect(group.last == members.map { .second($0.received) }.max())
      }
      for entry in counts.entries {
        #expect(filter.destination ?? entry.destination == entry.destination)
        #expect(
          entry.state != .overflowed || filter.state == nil || filter.state == .discarded
            || filter.state == .overflowed)
      }
    }
  }

  @Test func theLastPageHasNoNextAndNoPageIsEmptyForNothing() throws {
    for _ in 1...6 { try bench.add(at: 0, [.dead(0)]) }
    for state in [nil, DeliveryFilter.State.dead] {
      let first = try session.deliveries(DeliveryFilter(state: state), after: nil, limit: 3)
      #expect(first.deliveries.map(\.id.rawValue) == [6, 5, 4])
      #expect(first.next == DeliveryID(rawValue: 4))
      let second = try session.deliveries(DeliveryFilter(state: state), after: first.next, limit: 3)
      #expect(second.deliveries.map(\.id.rawValue) == [3, 2, 1])
      #expect(second.next == nil)
    }
  }

  @Test func whatArrivesMeanwhileDisturbsNoPage() throws {
    for _ in 1...4 { try bench.add(at: 0, [.dead(0)]) }
    let filter = DeliveryFilter(state: .dead)
    let first = try session.deliveries(filter, after: nil, limit: 2)
    try bench.add(at: 0, [.dead(0)])
    try bench.execute("UPDATE delivery SET state = 5 WHERE id = 3")
    #expect(
      try session.deliveries(filter, after: first.next, limit: 2).deliveries.map(\.id.rawValue) == [2, 1])
  }

  @Test func anUnknownDestinationHasNoDeliveries() throws {
    try bench.add(at: 0, [.pending])
    #expect(
      try session.deliveries(DeliveryFilter(destination: "none"), after: nil, limit: 5)
        == DeliveryPage(deliveries: [], next: nil))
  }

  @Test func aTypeIsComparedWithoutTheCaseOfItsLettersAlone() throws {
    try bench.add(at: 0, [.pending], [.pending], [.pending])
    try bench.execute(
      """
      UPDATE event SET type = 'A[É' WHERE id = 1; UPDATE event SET type = 'a{É' WHERE id = 2;
      UPDATE event SET type = 'a[é' WHERE id = 3;
      """)
    #expect(try rows(DeliveryFilter(type: "a[É")) == [1])
  }

  // MARK: Bounds

  @Test func aPageLooksAtABoundedNumberOfRowsAndSaysWhereToGoOn() throws {
    try bench.add(at: 0, [.dead(0)])
    for second in 0..<12 { try bench.add(at: second, all: Array(repeating: [.delivered(0)], count: 1_000)) }
    // No index holds what was delivered.
    let filter = DeliveryFilter(state: .delivered, destination: "bi")
    var next: DeliveryID?
    var pages: [DeliveryID?] = []
    repeat {
      let page = try session.deliveries(filter, after: next, limit: 500)
      #expect(page.deliveries.isEmpty)
      next = page.next
      pages.append(next)
    } while next != nil
    #expect(pages == [DeliveryID(rawValue: 7_002), DeliveryID(rawValue: 2_002), nil])
  }

  @Test func deadAndPendingOnesAreFoundInALargeTableWithoutLookingAtTheRest() throws {
    try bench.add(at: 0, [.dead(0), .pending])
    try bench.execute("UPDATE delivery SET state = 2 WHERE id = 2")
    for second in 0..<12 { try bench.add(at: second, all: Array(repeating: [.delivered(0)], count: 1_000)) }
    for (state, row) in [(DeliveryFilter.State.dead, Int64(1)), (.pending, 2)] {
      for destination in [nil, "crm"] {
        let filter = DeliveryFilter(state: state, destination: destination)
        let page = try session.deliveries(filter, after: nil, limit: 500)
        #expect(page.deliveries.map(\.id.rawValue) == [row] && page.next == nil)
      }
    }
  }

  @Test func aTimeLongAgoIsFoundInALargeTableWithoutLookingAtWhatCameLater() throws {
    for hour in 0..<12 {
      try bench.add(at: hour * 3_600, all: Array(repeating: [.delivered(0)], count: 1_000))
    }
    let filter = DeliveryFilter(since: .second(3_600), until: .second(3_601))
    let page = try session.deliveries(filter, after: nil, limit: 1_000)
    #expect(page.deliveries.map(\.id.rawValue) == (1_001...2_000).reversed())
    #expect(page.next == nil)
    // Nor without looking at what came before.
    let lately = DeliveryFilter(state: .discarded, since: .second(11 * 3_600))
    #expect(try session.deliveries(lately, after: nil, limit: 5).next == nil)
  }

  /// Live ones and those of replays. Where there are very many of one kind, nobody waits for their number.
  @Test(arguments: [(1, -3), (2, -2)]) func whatWaitsIsCountedUpToABound(_ live: Int, _ replayed: Int) throws
  {
    try bench.add(at: 0, [.pending])
    let name = try #require(try bench.connection.texts("SELECT name FROM destination WHERE id = 1").first)
    func add(_ count: Int, _ state: Int) throws {
      try bench.execute(
        """
        WITH RECURSIVE numbers (number) AS (
          SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < \(count))
        INSERT INTO delivery (event, destination, route, run, state, attempts, since, due)
        SELECT 1, 1, 1, 0, \(state), 1, 0, 5 FROM numbers
        """)
    }
    func waits(at microseconds: Int64) throws -> PendingWaits? {
      try session.pendingWaits(at: Timestamp(microseconds: microseconds))[name]
    }
    #expect(try waits(at: 4) == PendingWaits())
    try add(2, live)
    try add(1, replayed)
    let isOrdered = live == 2
    #expect(try waits(at: 4) == (isOrdered ? PendingWaits(ordered: 3) : PendingWaits(later: 3)))
    #expect(try waits(at: 5) == (isOrdered ? PendingWaits(ordered: 3) : PendingWaits()), "these are due")
    try add(PendingWaits.maxCounted - 3, live)
    #expect(try waits(at: 4).map { max($0.later, $0.ordered) } == PendingWaits.maxCounted)
    try add(1, replayed)
    #expect(try waits(at: 4) == nil)
  }

  @Test func eachLookEndsAtOnceSoThatTheLogCanBeWrittenOver() throws {
    for second in 0..<10 { try bench.add(at: second, [.pending, .dead(0), .delivered(0)]) }
    func check(_ what: String) throws {
      try bench.add(at: 20, [.pending])
      #expect(try bench.connection.texts("PRAGMA wal_checkpoint(TRUNCATE)") == ["0"], "\(what)")
    }
    try bench.execute("PRAGMA busy_timeout = 0")
    for state in DeliveryFilter.State.allCases {
      _ = try session.deliveries(DeliveryFilter(state: state), after: nil, limit: 2)
      try check("\(state)")
    }
    _ = try session.deliveries(
      DeliveryFilter(type: "a", since: .second(1), until: .second(500)), after: nil, limit: 1)
    try check("times")
    _ = try session.oldestPending()
    try check("oldest")
    _ = try session.oldestDue()
    try check("due")
    _ = try session.pendingWaits(at: .second(0))
    try check("waits")
    _ = try session.places(of: [DeliveryID(rawValue: 1)])
    try check("places")
    _ = try session.count(DeliveryFilter(type: "a"), after: nil)
    try check("count")
    _ = try session.groups(DeliveryFilter(type: "a"), after: nil)
    try check("groups")
    let query = try bench.connection.prepare("SELECT uuid FROM event LIMIT 1")
    #expect(try query.step())
    let id = EventID(bytes: query.bytes(0)!)
    query.reset()
    #expect(try session.event(id) != nil)
    try check("event")
  }
}

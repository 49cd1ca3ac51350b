import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Where there is too much of something for the short way, a search finds the same by a longer one; and where a run can't be
/// read, it finds the same without it.
@Suite(.timeLimit(.minutes(15)))
struct SearchLimitTests {
  private let bench: KeepingBench
  private let small = RunShape(smallBits: 4, largeBits: 6)
  private let large = RunShape(smallBits: 12, largeBits: 13)

  init() throws {
    bench = try KeepingBench()
  }

  /// So many more events, of one envelope.
  private func add(_ count: Int, at second: Int, deliveries state: Int? = nil, hasHash: Bool = true) throws {
    let first = (try bench.connection.integer("SELECT max(id) FROM event") ?? 0) + 1
    let delivery = (try bench.connection.integer("SELECT max(id) FROM delivery") ?? 0) + 1
    let last = first + Int64(count) - 1
    try bench.execute(
      """
      INSERT INTO envelope (source, configuration, received, first_event, accepted, hash)
        VALUES (1, 1, \(Timestamp.second(second).microseconds), zeroblob(16), \(count), \(hasHash ? "x'07'" : "NULL"));
      WITH RECURSIVE n(id) AS (SELECT \(first) UNION ALL SELECT id + 1 FROM n WHERE id < \(last))
        INSERT INTO event (id, uuid, envelope, type, routes, dropped, body, first_delivery, deliveries)
        SELECT id, CAST(printf('%016d', id) AS BLOB), (SELECT max(id) FROM envelope), 'createdChat', '1', 0, x'7B7D',
          \(state == nil ? "NULL, 0" : "\(delivery - first) + id, 1") FROM n;
      """)
    guard let state else { return }
    try bench.execute(
      """
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since)
        SELECT first_delivery, id, 1, 1, 0, \(state), 0, 0 FROM event WHERE id >= \(first) ORDER BY id
      """)
  }

  private func makeRuns(_ shape: RunShape) throws {
    let source = try IndexSource(bench.connection, shape)
    while true {
      let progress = try source.progress()
      guard case .build(let run) = progress.step(next: try source.event(from: progress.end)) else { return }
      let built = try #require(try source.build(run, unless: { false }))
      let job = IndexJob(IndexChange(added: built)) { _ in }
      var isLast = false
      while !isLast {
        isLast = try bench.session.transactions.run { () throws(StoreError) in try job.step(bench.session) }
        job.committed()
      }
    }
  }

  /// The events' rows, found the same in either order, and whether what is few is looked up first or not.
  private func rows(_ filter: EventFilter, _ shape: RunShape) throws -> [Int64] {
    var found: [[Int64]] = []
    for fewest in [0, 1_000] {
      let session = try LookupSession(path: bench.path, shape: shape, fewest: fewest)
      for order in EventPageRequest.Order.allCases {
        let page = try session.events(
          EventPageRequest(filter: filter, order: order, limit: 100),
          budget: LookupBudget(rows: .max, time: .seconds(100)))
        #expect(page.next == nil)
        found.append(page.events.map { $0.place.rawValue }.sorted())
      }
    }
    #expect(found.allSatisfy { $0 == found[0] }, "\(filter)")
    return found[0]
  }

  private func destination(_ name: String) -> [WildcardPattern] { [WildcardPattern(name)] }

  @Test func whatWasRoutedAnewIsFoundAlsoWhereThatAreTooManyToBeListed() throws {
    let count: Int64 = 10_100
    try bench.execute("INSERT INTO route VALUES (2, 'late'), (3, 'last')")
    try add(64, at: 0, deliveries: 3)
    try add(Int(count) - 65, at: 1_000)
    // Received long before the others, and stored after them.
    try add(1, at: 5, hasHash: false)
    try add(64, at: 2_000)
    try makeRuns(small)
    let later = Timestamp.second(3_000).microseconds
    try bench.execute(
      """
      INSERT INTO delivery (event, destination, route, run, state, attempts, since, arrived)
        SELECT id, iif(id = \(count), 3, 2), 2, 0, iif(id = \(count), 4, 3), 0, 0, \(later) FROM event
        WHERE deliveries = 0 AND id <= \(count) ORDER BY id;
      UPDATE event SET deliveries = 1, routes = iif(id = \(count), '3', '2'),
        first_delivery = (SELECT max(id) FROM delivery) - \(count) + id
        WHERE deliveries = 0 AND id <= \(count);
      """)
    let there = destination("audit")
    #expect(try rows(EventFilter(destinations: there), small) == [count])
    #expect(try rows(EventFilter(routes: destination("last")), small) == [count])
    #expect(try rows(EventFilter(outcomes: [.dead]), small) == [count])
    #expect(try rows(EventFilter(destinations: there, outcomes: [.dead]), small) == [count])
    #expect(try rows(EventFilter(destinations: there, outcomes: [.delivered]), small) == [])
    let early = try rows(EventFilter(since: .second(2), until: .second(10)), small)
    #expect(early == [count])
  }

  @Test func whatAReplaySentIsFoundAlsoWhereItSentMoreThanIsRead() throws {
    try add(63, at: 0, deliveries: 3)
    try makeRuns(small)
    try bench.execute(
      """
      WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 20010)
        INSERT INTO delivery (event, destination, route, run, state, attempts, since)
        SELECT iif(id = 20010, 15, 3), iif(id = 20010, 3, 2), 1, 1, 3, 0, 0 FROM n;
      INSERT INTO replayed SELECT event, id FROM delivery WHERE run = 1;
      """)
    #expect(try rows(EventFilter(destinations: destination("audit")), small) == [15])
    #expect(try rows(EventFilter(destinations: destination("audit"), outcomes: [.delivered]), small) == [15])
    #expect(try rows(EventFilter(destinations: destination("bi")), small) == [3])
  }

  @Test func whatIsInAStateIsFoundAlsoWhereMoreAreThanAreLookedUp() throws {
    try add(2_500, at: 0, deliveries: 4)
    try add(1_700, at: 1, deliveries: 3)
    try bench.execute("UPDATE event SET type = 'rare' WHERE id IN (9, 2499, 3000)")
    try makeRuns(large)
    let rare = [WildcardPattern("rare", ignoringCase: true)]
    let crm = destination("crm")
    #expect(try rows(EventFilter(types: rare, outcomes: [.dead]), large) == [9, 2_499])
    #expect(try rows(EventFilter(types: rare, destinations: crm, outcomes: [.dead]), large) == [9, 2_499])
    #expect(try rows(EventFilter(types: rare, destinations: crm, outcomes: [.delivered]), large) == [3_000])
    #expect(try rows(EventFilter(types: rare, outcomes: [.discarded]), large) == [])
  }

  @Test func aPatternFindsWhatARunDoesNotList() throws {
    try add(4_200, at: 0)
    // More companies than are listed, and a channel that is too long to be.
    let long = String(repeating: "x", count: 300)
    try bench.execute(
      """
      UPDATE event SET company = 'company ' || id;
      UPDATE event SET channel = iif(id = 7, '\(long)', 'widget');
      """)
    try makeRuns(large)
    #expect(try rows(EventFilter(companies: [.text(WildcardPattern("*3999"))]), large) == [3_999])
    #expect(try rows(EventFilter(companies: [.text(WildcardPattern("company 17"))]), large) == [17])
    let channels: [ScalarPattern] = [.text(WildcardPattern("X*", ignoringCase: true))]
    #expect(try rows(EventFilter(channels: channels), large) == [7])
  }

  private static func name(_ pattern: String) -> [WildcardPattern] {
    [WildcardPattern(pattern, ignoringCase: true)]
  }

  private static func value(_ pattern: String?) -> [ScalarPattern] {
    [pattern.map { .text(WildcardPattern($0, ignoringCase: true)) } ?? .null]
  }

  /// One of a thousand, by each thing that runs know of it.
  private static let known: [(EventFilter, Int64?)] = {
    var known: [(EventFilter, Int64?)] = []
    known.append((EventFilter(chats: ["x"]), 5))
    for pattern in ["X", "x*"] {
      known.append((EventFilter(types: name(pattern)), 5))
      known.append((EventFilter(channels: value(pattern)), 5))
    }
    known.append((EventFilter(companies: [.text(WildcardPattern("x"))]), 5))
    known.append((EventFilter(companies: value(nil)), 7))
    known.append((EventFilter(channels: value(nil)), 7))
    known.append((EventFilter(sources: name("other")), 5))
    known.append((EventFilter(routes: name("second")), 5))
    known.append((EventFilter(destinations: name("audit")), 5))
    known.append((EventFilter(outcomes: [.dropped]), 9))
    known.append((EventFilter(outcomes: [.unrouted]), 11))
    known.append((EventFilter(outcomes: [.dead]), 5))
    known.append((EventFilter(destinations: name("audit"), outcomes: [.dead, .unrouted]), 5))
    known.append((EventFilter(destinations: name("crm"), outcomes: [.discarded, .dropped]), nil))
    known.append((EventFilter(destinations: name("*i*"), outcomes: [.delivered]), nil))
    return known
  }()

  @Test(arguments: known)
  func eachThingThatRunsKnowLeavesFewRowsToBeAsked(filter: EventFilter, row: Int64?) throws {
    try add(1_000, at: 0, deliveries: 3)
    try bench.execute(
      """
      INSERT INTO source VALUES (2, 'other'); INSERT INTO route VALUES (2, 'second');
      INSERT INTO envelope (source, configuration, received, first_event, accepted, hash)
        VALUES (2, 1, 0, zeroblob(16), 1, x'07');
      UPDATE event SET company = 'y', channel = 'y' WHERE id <> 7;
      UPDATE event SET type = 'x', company = 'x', channel = 'x', chat = 'x', envelope = 2, routes = '1 2' WHERE id = 5;
      UPDATE delivery SET destination = 3, state = 4 WHERE event = 5;
      DELETE FROM delivery WHERE event IN (9, 11);
      UPDATE event SET deliveries = 0, first_delivery = NULL, dropped = id = 9 WHERE id IN (9, 11);
      """)
    try makeRuns(RunShape(smallBits: 4, largeBits: 9))
    for fewest in [0, 1_000] {
      let session = try LookupSession(
        path: bench.path, shape: RunShape(smallBits: 4, largeBits: 9), fewest: fewest)
      for order in EventPageRequest.Order.allCases {
        let page = try session.events(
          EventPageRequest(filter: filter, order: order, limit: 9),
          budget: LookupBudget(rows: 80, time: .seconds(60)))
        // Each of those that are in no run yet is asked.
        #expect(page.events.map { $0.place.rawValue } == (row.map { [$0] } ?? []) && page.next == nil)
      }
    }
  }

  @Test(arguments: [
    // Without its pages; without its contents; with contents that nobody understands.
    "DELETE FROM run_page WHERE id & 1048575 > 0", "DELETE FROM run_page WHERE id & 1048575 = 0",
    "UPDATE run_page SET body = x'09' WHERE id & 1048575 = 0",
    "UPDATE run_page SET body = x'09' WHERE id & 1048575 > 0",
  ])
  func aRunThatCantBeReadHidesNothing(damage: String) throws {
    try add(200, at: 0, deliveries: 3)
    try bench.execute("UPDATE event SET chat = 'a', type = 'rare' WHERE id IN (3, 100)")
    try makeRuns(small)
    #expect(try rows(EventFilter(chats: ["a"]), small) == [3, 100])
    try bench.execute(damage)
    #expect(try rows(EventFilter(chats: ["a"]), small) == [3, 100])
    let rare: [WildcardPattern] = [WildcardPattern("r*e", ignoringCase: true)]
    #expect(try rows(EventFilter(types: rare, destinations: destination("crm")), small) == [3, 100])
    #expect(try rows(EventFilter(chats: ["a"], outcomes: [.dead]), small) == [])
  }

  // MARK: What only a later version knows

  @Test func aDeliveryInAStateThatNobodyKnowsIsInNone() throws {
    try add(1, at: 0, deliveries: 9)
    for outcome in [EventOutcome.delivered, .pending, .dead, .discarded, .dropped] {
      #expect(try rows(EventFilter(outcomes: [outcome]), small) == [], "\(outcome)")
    }
    #expect(try rows(EventFilter(outcomes: [.pending, .delivered]), small) == [])
    #expect(try rows(EventFilter(), small) == [1])
  }

  /// Nothing is sent a second time because of a downgrade.
  @Test func aReplayTakesADeliveryInAStateThatNobodyKnowsForOneThatArrived() throws {
    try add(1, at: 0, deliveries: 9)
    let session = try LookupSession(path: bench.path)
    let page = try session.replayable(EventPageRequest(order: .oldestFirst, limit: 9))
    #expect(page.events.map(\.standings) == [[.init(destination: "crm", state: .delivered)]])
  }

  // MARK: Pages

  /// Budgets without time: the clock is looked at after each sixteen rows.
  @Test func aPageThatHasNoTimeLeftEndsAfterSomeRowsAndEachComesFurther() throws {
    try add(100, at: 0)
    let session = try LookupSession(path: bench.path, shape: small)
    var filter = EventFilter(text: BodyCondition("nowhere"))
    for order in EventPageRequest.Order.allCases {
      var places: [Int64] = []
      var after: EventCursor?
      repeat {
        let page = try session.events(
          EventPageRequest(filter: filter, order: order, after: after, limit: 5),
          budget: LookupBudget(rows: .max, time: .zero))
        after = page.next
        if let after { places.append(after.rawValue) }
      } while after != nil && places.count < 50
      #expect(places == (order == .newestFirst ? [85, 69, 53, 37, 21, 5] : [16, 32, 48, 64, 80, 96]))
    }
    // Parts that runs leave nothing of are looked at, too: they may be many.
    try add(2_000, at: 0)
    try makeRuns(small)
    filter = EventFilter(chats: ["nobody"])
    let page = try session.events(
      EventPageRequest(filter: filter, order: .oldestFirst, limit: 5),
      budget: LookupBudget(rows: .max, time: .zero))
    // Sixteen large runs.
    #expect(page.next == EventCursor(rawValue: 16 * 64 - 1))
  }

  @Test func aPageThatMayLookAtNoRowLooksAtOne() throws {
    try add(3, at: 0)
    let session = try LookupSession(path: bench.path, shape: small)
    for order in EventPageRequest.Order.allCases {
      var (pages, found): (Int, [Int64]) = (0, [])
      var after: EventCursor?
      repeat {
        let page = try session.events(
          EventPageRequest(order: order, after: after, limit: 5), budget: LookupBudget(rows: 0, time: .zero))
        found += page.events.map { $0.place.rawValue }
        after = page.next
        pages += 1
      } while after != nil && pages < 9
      #expect(found == (order == .newestFirst ? [3, 2, 1] : [1, 2, 3]))
    }
  }

  @Test func aReplaysPageEndsWithTheEventThatMakesItLarge() throws {
    try add(5, at: 0)
    try bench.execute("UPDATE event SET body = zeroblob(1600000)")
    let session = try LookupSession(path: bench.path)
    var request = EventPageRequest(order: .oldestFirst, limit: 9, withBodies: true)
    let first = try session.replayable(request)
    #expect(first.events.count == 3 && first.next == EventCursor(rawValue: 3))
    request.after = first.next
    let second = try session.replayable(request)
    #expect(second.events.count == 2 && second.next == nil)
    // Without bodies it holds little.
    #expect(try session.replayable(EventPageRequest(order: .oldestFirst, limit: 9)).events.count == 5)
  }

  @Test func whatTheStoreLearnsBetweenTwoPagesIsKnownToTheSecond() throws {
    try add(2, at: 0, deliveries: 3)
    let session = try LookupSession(path: bench.path, shape: small)
    func rows(_ filter: EventFilter) throws -> [Int64] {
      try session.events(EventPageRequest(filter: filter, limit: 9)).events.map { $0.place.rawValue }
    }
    #expect(try rows(EventFilter(routes: destination("new"))) == [])
    try bench.execute(
      """
      INSERT INTO source VALUES (5, 'new'); INSERT INTO route VALUES (5, 'new');
      INSERT INTO destination (id, name) VALUES (5, 'new');
      """)
    try add(1, at: 0, deliveries: 4)
    try bench.execute(
      """
      UPDATE envelope SET source = 5 WHERE id = 2; UPDATE event SET routes = '5' WHERE id = 3;
      UPDATE delivery SET destination = 5 WHERE id = 3;
      """)
    let name = destination("new")
    #expect(try rows(EventFilter(routes: name)) == [3] && rows(EventFilter(sources: name)) == [3])
    #expect(try rows(EventFilter(destinations: name, outcomes: [.dead])) == [3])
  }
}

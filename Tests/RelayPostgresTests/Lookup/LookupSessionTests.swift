import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// What a lookup may look at, and what of it the server sees.
@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct LookupSessionTests {
  private let bench: PathBench

  init() throws {
    bench = try PathBench()
  }

  private func session(fewest: Int = 1_000) -> LookupSession {
    LookupSession(
      LookupConnection(bench.database.address, applicationName: "look"), clock: bench.clock, fewest: fewest)
  }

  /// Of all pages, and how many these were.
  private func events(
    _ request: EventPageRequest, _ budget: LookupBudget, _ session: LookupSession
  ) throws -> (ids: [EventID], pages: Int) {
    var (ids, pages): ([EventID], Int) = ([], 0)
    var request = request
    repeat {
      let page = try session.events(request, budget: budget)
      ids += page.events.map(\.id)
      pages += 1
      #expect(page.events.count <= request.limit)
      request.after = page.next
    } while request.after != nil && pages < 1_000
    return (ids, pages)
  }

  @Test(arguments: EventPageRequest.Order.allCases)
  func aPageOfEventsLooksAtABoundedNumberOfRowsAndSaysWhereToGoOn(
    _ order: EventPageRequest.Order
  ) async throws {
    let store = try await bench.open(isDirect: true)
    let envelope = bench.make.envelope(to: [], events: 100)
    _ = try await store.stored(envelope)
    let session = session()
    defer { session.close() }
    let budget = LookupBudget(rows: 10, time: .seconds(60))
    let none = EventPageRequest(
      filter: EventFilter(types: [WildcardPattern("none")]), order: order, limit: 500)
    let (found, pages) = try events(none, budget, session)
    #expect(found.isEmpty && (10...11).contains(pages))
    let (all, _) = try events(EventPageRequest(order: order, limit: 3), budget, session)
    let expected = envelope.events.map(\.event.id)
    #expect(all == (order == .oldestFirst ? expected : expected.reversed()))
    // However short the time is, each page comes further.
    let (hurried, _) = try events(
      EventPageRequest(filter: EventFilter(text: .contains("x")), order: order, limit: 9),
      LookupBudget(rows: .max, time: .zero), session)
    #expect(hurried.isEmpty)
    store.close()
  }

  @Test(arguments: [0, 3, 1_000])
  func whatIsInAStateIsFoundHoweverManyTheyAre(fewest: Int) async throws {
    let store = try await bench.open(isDirect: true)
    let held = try await store.stored(bench.make.envelope(events: 40))
    for delivery in held {
      switch delivery.id.rawValue >> 12 & 3 {
      case 0: await store.settle(delivery.settled(.delivered))
      case 1: await store.settle(delivery.settled(.dead(.permanent)))
      case 2: await store.settle(delivery.retried(at: 5))
      default: break
      }
    }
    let session = session(fewest: fewest)
    defer { session.close() }
    for (outcome, kinds) in [(EventOutcome.dead, [1]), (.pending, [2, 3]), (.delivered, [0])] {
      let expected = held.filter { kinds.contains(Int($0.id.rawValue >> 12 & 3)) }.map(\.event.id)
      for limit in [4, 500] {
        let request = EventPageRequest(
          filter: EventFilter(outcomes: [outcome]), order: .oldestFirst, limit: limit)
        #expect(try events(request, .page, session).ids == expected)
      }
    }
    store.close()
  }

  /// Those that were never attempted beside the others, and those that replays have sent long after.
  @Test(arguments: EventPageRequest.Order.allCases)
  func whatFewAreInIsFoundWithoutLookingAtTheOthers(_ order: EventPageRequest.Order) async throws {
    let store = try await bench.open(isDirect: true)
    let envelope = bench.make.envelope(events: 300)
    let held = try await store.stored(envelope)
    for (place, delivery) in held.enumerated() where place % 100 != 7 {
      await store.settle(delivery.settled(place % 100 == 9 ? .dead(.permanent) : .delivered))
    }
    let session = session(fewest: 0)
    defer { session.close() }
    let budget = LookupBudget(rows: 20, time: .seconds(60))
    for (outcome, kept) in [(EventOutcome.dead, 9), (.pending, 7)] {
      let expected = held.enumerated().filter { $0.offset % 100 == kept }.map(\.element.event.id)
      let request = EventPageRequest(filter: EventFilter(outcomes: [outcome]), order: order, limit: 500)
      let (found, pages) = try events(request, budget, session)
      #expect(found == (order == .oldestFirst ? expected : expected.reversed()) && pages == 1)
    }
    store.close()
  }

  @Test(arguments: EventPageRequest.Order.allCases)
  func whatAReplayHasSentIsFoundInThePlaceOfItsEvent(_ order: EventPageRequest.Order) async throws {
    let store = try await bench.open(isDirect: true)
    let envelopes = (0..<3).map { _ in bench.make.envelope() }
    for envelope in envelopes {
      for delivery in try await store.stored(envelope) { await store.settle(delivery.settled(.delivered)) }
    }
    #expect(try await store.replayed(envelopes[1], to: ["bi"]).queued == 1)
    let session = session(fewest: 0)
    defer { session.close() }
    let request = EventPageRequest(filter: EventFilter(outcomes: [.pending]), order: order, limit: 1)
    #expect(try events(request, .page, session).ids == [envelopes[1].firstEventID])
    store.close()
  }

  /// Where times lie is found once, and not for each page.
  @Test func theLaterPagesOfASearchAskTheServerLessThanTheFirst() async throws {
    let store = try await bench.open(isDirect: true)
    for second in [0, 100, 101, 102, 103, 300] {
      _ = try await store.stored(bench.make.envelope(to: [], at: .second(second)))
    }
    let session = LookupSession(
      LookupConnection(bench.way.address, applicationName: "look"), clock: bench.clock)
    defer { session.close() }
    try session.look()
    let filter = EventFilter(since: .second(100), until: .second(200))
    var request = EventPageRequest(filter: filter, order: .oldestFirst, limit: 1)
    var turns: [Int] = []
    repeat {
      let before = bench.way.turns
      let page = try session.events(request)
      turns.append(bench.way.turns - before)
      request.after = page.next
    } while request.after != nil && turns.count < 10
    #expect(turns.count >= 4 && turns[1] < turns[0] && turns[1] == turns[2])
    store.close()
  }

  @Test func whoAsksForOneDeliveryAsksTheServerNoMoreOftenThanWhoAsksForMany() async throws {
    let store = try await bench.open(isDirect: true)
    _ = try await store.stored(bench.make.envelope(events: 600, type: "rare"))
    for _ in 0..<2 { _ = try await store.stored(bench.make.envelope(events: 700)) }
    let session = LookupSession(
      LookupConnection(bench.way.address, applicationName: "look"), clock: bench.clock)
    defer { session.close() }
    try session.look()
    var turns: [Int] = []
    for limit in [500, 1] {
      let before = bench.way.turns
      let page = try session.deliveries(DeliveryFilter(type: "rare"), after: nil, limit: limit)
      turns.append(bench.way.turns - before)
      #expect(page.deliveries.count == limit && page.next == page.deliveries.last?.id)
    }
    #expect(turns[1] <= turns[0])
    store.close()
  }

  @Test func aPageWithBodiesEndsWhereTheyHaveBecomeMany() async throws {
    let store = try await bench.open(isDirect: true)
    let body = [UInt8](repeating: 0x20, count: 1_500_000)
    for _ in 0..<5 { _ = try await store.stored(bench.make.envelope(to: [], body: body)) }
    let session = session()
    defer { session.close() }
    let request = EventPageRequest(order: .oldestFirst, limit: 50, withBodies: true)
    let budget = LookupBudget(rows: .max, time: .seconds(60))
    #expect(try session.events(request, budget: budget).events.count == 3)
    #expect(try session.replayable(request, budget: budget).events.count == 3)
    #expect(try events(request, budget, session).ids.count == 5)
    store.close()
  }

  /// A server that has taken another's place may lack what that one had, and have given its numbers to others.
  @Test func whatWasReadFromAnotherConnectionIsForgotten() async throws {
    let store = try await bench.open(isDirect: true)
    defer { store.close() }
    let event = try await store.stored(bench.make.envelope()).only.event.id
    // Of the newest names each answer reads what there is.
    _ = try bench.ask("INSERT INTO source (name) SELECT 'other ' || n FROM generate_series(1, 200) n")
    let session = session()
    defer { session.close() }
    #expect(try session.event(event)?.source == "huggy")
    _ = try bench.ask("UPDATE source SET name = 'renamed' WHERE name = 'huggy'")
    #expect(try session.event(event)?.source == "huggy")
    _ = try bench.ask(
      "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'look' AND datname = current_database()"
    )
    #expect(try session.event(event)?.source == "renamed")
  }

  @Test func nothingIsLeftOpenBehindAnAnswer() async throws {
    let store = try await bench.open(isDirect: true)
    let event = try await store.stored(bench.make.envelope()).only.event.id
    let session = session()
    defer { session.close() }
    #expect(try session.event(event) != nil)
    let open = try bench.ask(
      """
      SELECT count(*) FROM pg_stat_activity
      WHERE application_name = 'look' AND datname = current_database() AND (state <> 'idle' OR backend_xmin IS NOT NULL)
      """)
    #expect(open[0].integer(0) == 0)
    store.close()
  }
}

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

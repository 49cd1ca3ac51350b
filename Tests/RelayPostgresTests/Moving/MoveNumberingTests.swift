import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// Which numbers rows get as they are moved, and where they go: without a server.
struct MoveNumberingTests {
  private static let now = CommitBase.tick(at: .second(1_000))

  @Test func ticksAreThoseOfTheTimesWhereTheyRise() {
    var numbering = MoveNumbering(ceiling: Self.now)
    #expect(numbering.takeEvent(.second(1)) == CommitBase.tick(at: .second(1)))
    #expect(numbering.takeDelivery(.second(1)) == CommitBase.tick(at: .second(1)))
    #expect(numbering.takeEvent(.second(2)) == CommitBase.tick(at: .second(2)))
    #expect(numbering.takeEnvelope(.second(2)) == CommitBase.tick(at: .second(2)))
    #expect(numbering.highest == CommitBase.tick(at: .second(2)))
  }

  @Test func whatCameAtOnceIsNumberedInItsOrderAndAnEventStandsBeforeItsDeliveries() {
    var numbering = MoveNumbering(ceiling: Self.now)
    var ticks: [Int64] = []
    for _ in 0..<3 {
      let event = numbering.takeEvent(.second(5))
      let deliveries = (0..<4).map { _ in numbering.takeDelivery(.second(5)) }
      #expect(
        deliveries == Array(event..<event + 4), "those of an event follow each other from its own tick on")
      ticks += [event] + deliveries
    }
    #expect(ticks == ticks.sorted())
  }

  /// A clock that is ahead of the server's must not give numbers that what comes later can't be above.
  @Test func noTickIsAheadOfTheServersClock() {
    var numbering = MoveNumbering(ceiling: Self.now)
    #expect(numbering.takeEvent(.second(5_000)) == Self.now)
    #expect(numbering.takeDelivery(.second(5_000)) == Self.now)
    #expect(numbering.takeEnvelope(.second(5_000)) == Self.now)
    #expect(numbering.takeEvent(.second(5_000)) == Self.now + 1)
    #expect(numbering.takeEvent(.second(1)) == Self.now + 2, "its order counts, and not its time")
  }

  // MARK: Pages

  private let make = TestEnvelopes()

  private func event(_ id: EventID, at time: Timestamp, deliveries: Int = 1) -> MovedEvent {
    MovedEvent(
      id: id, envelope: id, receivedAt: time, source: "huggy", configuration: "c1", time: nil, token: nil,
      trace: nil, type: "a", rawType: nil, company: nil, channel: nil, chat: nil, routes: ["all"],
      isDropped: false, deliveries: deliveries, erasedAt: nil, body: Array("{}".utf8))
  }

  private func delivery(
    of event: EventID, at time: Timestamp, arrived: Timestamp? = nil
  ) -> MovedDelivery {
    MovedDelivery(
      event: event, destination: "crm", route: "all", run: 0, state: .dead, attempts: 1, countedAttempts: 1,
      since: time, receivedAt: time, due: nil, orderKey: nil, settledAt: time, reason: 1, bytes: 514,
      probedAt: nil, arrivedAt: arrived,
      last: MovedAttempt(at: nil, duration: nil, status: nil, error: nil, peer: nil, firstByte: nil),
      isReplayed: false)
  }

  private func numbered(_ arrivals: [Arrival], from day: Day) -> NumberedPage {
    var numbering = MoveNumbering(ceiling: Self.now)
    return NumberedPage(ArrivalPage(arrivals: arrivals, end: ArrivalPlace()), &numbering, from: day)
  }

  private static let day = Day(of: Timestamp.second(0))

  @Test func anEventLeadsToTheFirstOfItsDeliveries() {
    let id = make.nextID(count: 1)
    let page = numbered(
      [
        .event(event(id, at: .second(1), deliveries: 2)),
        .delivery(delivery(of: id, at: .second(1)), isFirst: true),
        .delivery(delivery(of: id, at: .second(1)), isFirst: false),
      ], from: Self.day.advanced(by: -7))
    let first = CommitBase.number(CommitBase.tick(at: .second(1)), slot: 0)
    #expect(page.deliveries.map(\.id) == [first, first + 1 << CommitBase.slotBits])
    #expect(page.events.map(\.firstDelivery) == [first] && page.firsts.isEmpty)
    #expect(page.events.allSatisfy { !$0.isKept } && page.deliveries.allSatisfy { !$0.isKept })
    #expect(page.days == [Self.day])
  }

  @Test func oneThatWasRoutedAnewIsToldOfItsFirstDeliveryLater() {
    let id = make.nextID(count: 1)
    let page = numbered(
      [.delivery(delivery(of: id, at: .second(1), arrived: .second(9)), isFirst: true)],
      from: Self.day.advanced(by: -7))
    let number = CommitBase.number(CommitBase.tick(at: .second(9)), slot: 0)
    #expect(page.firsts.map(\.event) == [id] && page.firsts.map(\.delivery) == [number])
  }

  /// Its own table goes by the day in its id, and its deliveries' by their numbers: where one of them is over, all are kept.
  @Test func anEventWhoseIDIsOfAnEarlierDayIsKeptToo() {
    let id = make.nextID(count: 1)
    let late = Timestamp.second(3 * 86_400)
    var numbering = MoveNumbering(ceiling: .max)
    let page = NumberedPage(
      ArrivalPage(
        arrivals: [.event(event(id, at: late)), .delivery(delivery(of: id, at: late), isFirst: true)],
        end: ArrivalPlace()), &numbering, from: Self.day.advanced(by: 1))
    #expect(page.events.map(\.isKept) == [true] && page.deliveries.map(\.isKept) == [true])
    #expect(page.days.isEmpty)
  }

  @Test func whatIsOfAnEarlierDayIsKeptWithoutOneAndItsDeliveriesWithIt() {
    let (old, new) = (make.nextID(count: 1), make.nextID(count: 1))
    let page = numbered(
      [
        .event(event(old, at: .second(-40 * 86_400))),
        .delivery(delivery(of: old, at: .second(-40 * 86_400)), isFirst: true),
        .event(event(new, at: .second(0))),
        .delivery(delivery(of: new, at: .second(0)), isFirst: true),
        // Of an old event, but of today.
        .delivery(delivery(of: old, at: .second(-40 * 86_400), arrived: .second(3)), isFirst: false),
      ], from: Self.day)
    #expect(page.events.map(\.isKept) == [true, false])
    #expect(page.deliveries.map(\.isKept) == [true, false, false])
    #expect(page.days == [Self.day])
  }
}

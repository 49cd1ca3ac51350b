import Testing

@testable import RelayCore

/// What a lane holds, and what it starts.
@Suite struct LaneTests {
  private let now = LaneKit.now

  @Test func itHoldsThreeQuartersOfItsWindowAndReturnsTheRest() {
    var lane = LaneKit.lane(concurrency: 1, deliveries: 8)
    let returned = (1...8).flatMap { lane.arrived(Made.delivery($0)) }
    #expect(returned.map(\.rawValue) == [7, 8])
    #expect(lane.nextClaim(now: now) == nil, "not before half of it is free")
    #expect(lane.start() == [1])
    #expect(lane.arrived(Made.delivery(9)) != [], "behind those in the store")
  }

  @Test func oneDeliveryAlwaysFitsHoweverLarge() {
    var lane = LaneKit.lane(bytes: 1_000)
    #expect(lane.arrived(Made.delivery(1, bytes: 12 << 20)) == [])
    #expect(lane.arrived(Made.delivery(2)) != [])
    #expect(lane.start() == [1])
  }

  @Test func aQuarterOfTheSlotsIsLeftToFreshDeliveries() {
    for (concurrency, retries) in [(1, 1), (2, 1), (3, 2), (4, 3), (8, 6), (16, 12)] {
      var lane = LaneKit.lane(concurrency: concurrency)
      let waiting = (1...20).map { Made.delivery($0, attempts: 1) }
      lane.claimed(Claim(destination: "d", kind: .retrying, deliveries: waiting, isExhausted: true), now: now)
      #expect(lane.start().count == retries, "of \(concurrency)")
      for id in 101...120 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
      #expect(lane.start().count == concurrency - retries)
    }
  }

  @Test func freshDeliveriesAndRetriesTakeTurns() {
    var lane = LaneKit.lane(concurrency: 16)
    let waiting = (101...103).map { Made.delivery($0, attempts: 1) }
    lane.claimed(Claim(destination: "d", kind: .retrying, deliveries: waiting, isExhausted: true), now: now)
    for id in 1...4 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
    #expect(lane.start() == [1, 101, 2, 102, 3, 103, 4])
  }

  @Test func retryAfterHoldsTheLaneUntilItIsOver() {
    var lane = LaneKit.lane(concurrency: 2)
    for id in 1...3 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
    #expect(lane.start() == [1, 2])
    _ = lane.finish(1, 503, retryAfter: .seconds(30))
    // A shorter hold does not end a longer one.
    _ = lane.finish(2, 429, retryAfter: .seconds(5))
    #expect(lane.deadline(now: now) == .tick(130))
    #expect(lane.start(at: Timestamp(microseconds: 129_999_999)) == [])
    #expect(lane.start(at: .tick(130)) == [3])
  }

  @Test func nothingStartsWhileTooManyOutcomesWaitForTheDisk() {
    var lane = LaneKit.lane(concurrency: 1)
    for id in 1...(Int64(LaneSlots.maxUnsettled) + 1) {
      _ = lane.arrived(Made.delivery(id))
      #expect(lane.start().count == (id <= Int64(LaneSlots.maxUnsettled) ? 1 : 0))
      _ = lane.finish(id, 200)
    }
    lane.settled(.delivered, now: now)
    #expect(lane.start() == [Int64(LaneSlots.maxUnsettled) + 1])
  }

  @Test func anAttemptThatItDidNotStartIsNotSettled() {
    var lane = LaneKit.lane()
    let ended = lane.finish(1, 200)
    #expect(ended?.settlement == nil)
    #expect(lane.isSettled)
  }

  @Test func onlyWhatIsSettledForGoodMakesThePace() {
    var lane = LaneKit.lane()
    lane.settled(.retry(at: now), now: now)
    #expect(lane.status(at: now).pace == nil)
    lane.settled(.delivered, now: now)
    lane.settled(.dead(.permanent), now: now)
    #expect(lane.status(at: now).pace == 2)
  }
}

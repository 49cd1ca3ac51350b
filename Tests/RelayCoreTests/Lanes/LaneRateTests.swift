import Testing

@testable import RelayCore

/// What else may keep a lane from starting: a rate, a pause.
@Suite struct LaneRateTests {
  private let now = LaneKit.now

  private func lane(concurrency: Int = 16, change: (inout Destination) -> Void = { _ in }) -> Lane {
    var lane = LaneKit.lane(concurrency: concurrency, change: change)
    for id in 1...12 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
    return lane
  }

  @Test func aRateLetsABurstThroughAndThenOneAtATime() {
    var lane = lane { $0.rate = Rate(count: 40, per: .seconds(1)) }
    #expect(lane.start() == [1, 2, 3, 4])
    #expect(lane.deadline(now: now) == .millisecond(100_025))
    #expect(lane.start(at: .millisecond(100_024)) == [])
    #expect(lane.start(at: .millisecond(100_025)) == [5])
    #expect(lane.start(at: .millisecond(100_080)) == [6, 7])
  }

  @Test func aFullLaneDoesNotWakeForItsRate() {
    var lane = lane(concurrency: 2) { $0.rate = Rate(count: 40, per: .seconds(1)) }
    #expect(lane.start() == [1, 2])
    #expect(lane.deadline(now: now) == nil)
  }

  @Test func aRateThatIsTakenAwayHoldsNothing() {
    var lane = lane { $0.rate = Rate(count: 1, per: .seconds(60)) }
    #expect(lane.start() == [1])
    _ = lane.reconfigure(Made.destination(concurrency: 3))
    #expect(lane.start() == [2, 3])
    var limited = Made.destination(concurrency: 16)
    limited.rate = Rate(count: 10, per: .seconds(1))
    _ = lane.reconfigure(limited)
    #expect(lane.start() == [4])
    limited.rate = Rate(count: 20, per: .seconds(1))
    _ = lane.reconfigure(limited)
    #expect(lane.start() == [5], "of a burst of two, one is owed")
  }

  @Test func aPauseByThePersonEndsWhenItsTimeHasCome() {
    var lane = lane(concurrency: 2)
    lane.pause(until: .tick(200))
    #expect(lane.start() == [])
    #expect(lane.deadline(now: .tick(190)) == .tick(200))
    #expect(lane.start(at: .millisecond(199_999)) == [])
    #expect(lane.start(at: .tick(200)) == [1, 2])
  }

  @Test func aPauseWithoutAnEndWakesNobody() {
    var lane = lane()
    lane.pause(until: .distantFuture)
    #expect(lane.start(at: .tick(1 << 40)) == [])
    #expect(lane.deadline(now: now) == nil)
  }

  @Test func aPauseByTheFileLastsAsLongAsTheFileSaysIt() {
    var lane = lane { $0.pausedAt = "routes.yaml:7" }
    #expect(lane.start(at: .tick(1 << 40)) == [])
    #expect(lane.deadline(now: now) == nil)
    _ = lane.reconfigure(Made.destination(concurrency: 2))
    #expect(lane.start() == [1, 2])
  }

  @Test func aPauseLetsWhatIsInFlightEnd() {
    var lane = lane(concurrency: 2)
    #expect(lane.start() == [1, 2])
    lane.pause(until: .distantFuture)
    #expect(lane.finish(1, 200)?.settlement.outcome == .delivered)
    #expect(lane.start() == [])
  }

  @Test func anotherServerHasAskedForNoTime() {
    var lane = lane(concurrency: 1)
    #expect(lane.start() == [1])
    lane.finish(1, 503, retryAfter: .seconds(3_600))
    var same = Made.destination(concurrency: 2)
    _ = lane.reconfigure(same)
    #expect(lane.start() == [])
    same.url = Secret("http://elsewhere")
    _ = lane.reconfigure(same)
    #expect(lane.start() == [2, 3])
  }
}

import Testing

@testable import RelayCore

/// A lane whose destination fails.
@Suite struct LaneCircuitTests {
  private let now = LaneKit.now

  /// Two failures opened its circuit at 100 s; a probe is due every 10 s.
  private func openLane(concurrency: Int = 4, change: (inout Destination) -> Void = { _ in }) -> Lane {
    var lane = LaneKit.lane(concurrency: concurrency) {
      $0.circuit.failures = 2
      change(&$0)
    }
    lane.bring([Made.delivery(1_001, attempts: 1), Made.delivery(1_002, attempts: 1)])
    while let start = lane.nextAttempt(now: now) {
      lane.finish(start.first.id.rawValue, Made.failure(.connectionRefused))
    }
    #expect(lane.circuit.state == .open(since: now))
    return lane
  }

  @Test func anOpenCircuitStartsNothingButOneProbeAtATime() {
    var lane = openLane()
    for id in 1...9 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
    #expect(lane.start(at: .millisecond(109_999)) == [])
    #expect(lane.deadline(now: now) == .tick(110))
    #expect(lane.start(at: .tick(110)) == [1])
    #expect(lane.start(at: .tick(500)) == [], "while the probe is in flight")
    #expect(lane.deadline(now: .tick(500)) == nil)
    lane.finish(1, 503, at: .tick(500))
    #expect(lane.start(at: .tick(500)) == [2])
  }

  @Test func theProbeIsTheOneProbedLongestAgoOfFreshOnesAndRetriesAlike() {
    var lane = openLane(concurrency: 8)
    _ = lane.arrived(Made.delivery(20))
    _ = lane.arrived(Made.delivery(30))
    lane.bring([
      Made.delivery(5, attempts: 3, probedAt: .tick(90)), Made.delivery(6, attempts: 3, probedAt: .tick(80)),
      Made.delivery(25, attempts: 2), Made.delivery(4, attempts: 2, probedAt: .tick(90)),
    ])
    var probed: [Int64] = []
    for turn in 11...16 as ClosedRange<Int64> {
      let started = lane.start(at: .tick(turn * 10))
      #expect(started.count == 1)
      for id in started { lane.finish(id, 500, at: .tick(turn * 10)) }
      probed += started
    }
    #expect(probed == [20, 25, 30, 6, 4, 5])
    #expect(lane.start(at: .tick(1_000)) == [])
  }

  @Test func aFailedProbeCountsTowardNoLimit() throws {
    var lane = openLane {
      $0.retry.maxAttempts = 1
      $0.retry.maxAge = .seconds(1)
    }
    lane.bring([Made.delivery(7, attempts: 5, counted: 3, probedAt: .tick(3))])
    #expect(lane.start(at: .tick(120)) == [7])
    let ended = lane.finish(7, 500, at: .tick(121))
    let probe = try #require(ended)
    #expect(probe.isProbe)
    #expect(probe.settlement.outcome == .retry(at: .tick(121)))
    #expect(probe.settlement.attempts == 6)
    #expect(probe.settlement.countedAttempts == 3)
    #expect(probe.settlement.probedAt == .tick(121))
  }

  @Test func theHeadThatOpenedItGoesOnAgeingAndWhatComesLaterHasItsOwnAge() {
    var lane = LaneKit.lane {
      $0.ordering = .destination
      $0.circuit.failures = 2
      $0.retry.maxAge = .seconds(100)
      $0.retry.maxAttempts = 2
    }
    _ = lane.arrived(Made.delivery(1, since: .tick(99)))
    #expect(lane.start() == [1])
    lane.finish(1, 500)
    lane.bring([Made.delivery(1, attempts: 1, since: .tick(99))])
    #expect(lane.start(at: .tick(101)) == [1])
    lane.finish(1, Made.failure(.reset), at: .tick(101))
    #expect(lane.circuit.isByHeads)
    _ = lane.advance(to: .tick(101))
    var outcomes: [Settlement.Outcome?] = []
    // Received during the opening: their age in service is nothing.
    for (id, received, time) in [(1, 99, 190), (2, 195, 210), (1, 99, 220), (3, 205, 305)]
      as [(Int64, Int64, Int64)]
    {
      lane.bring([
        Made.delivery(id, received: .tick(received), attempts: 1, since: .tick(min(received, 101)))
      ])
      #expect(lane.start(at: .tick(time)) == [id])
      outcomes.append(lane.finish(id, 500, at: .tick(time))?.settlement.outcome)
    }
    #expect(
      outcomes == [
        .retry(at: .tick(190)), .retry(at: .tick(210)), .dead(.expired), .retry(at: .tick(305)),
      ], "and none within max_age of the one before")
    lane.bring([Made.delivery(3, received: .tick(205), attempts: 1, since: .tick(101))])
    #expect(lane.start(at: .tick(320)) == [3])
    #expect(lane.finish(3, 500, at: .tick(320))?.settlement.outcome == .dead(.expired))
  }

  @Test func whatAPersonRetriesDuringAnOpeningByHeadsIsAsOldAsTheRetry() {
    var lane = LaneKit.lane {
      $0.ordering = .destination
      $0.circuit.failures = 2
      $0.retry.maxAge = .seconds(100)
    }
    _ = lane.arrived(Made.delivery(1, since: .tick(99)))
    #expect(lane.start() == [1])
    lane.finish(1, 500)
    lane.bring([Made.delivery(1, attempts: 1, since: .tick(99))])
    #expect(lane.start(at: .tick(101)) == [1])
    lane.finish(1, 500, at: .tick(101))
    _ = lane.advance(to: .tick(101))
    var outcomes: [Settlement.Outcome?] = []
    func probe(_ id: Int64, at time: Int64) {
      lane.bring([Made.delivery(id, received: .tick(99), attempts: 1, since: .tick(101))])
      #expect(lane.start(at: .tick(time)) == [id])
      outcomes.append(lane.finish(id, 500, at: .tick(time))?.settlement.outcome)
    }
    // The head dies, and is retried: its hundred seconds begin anew, and so do those between two deaths.
    probe(1, at: 210)
    lane.retriedByPerson(at: .tick(250))
    _ = lane.advance(to: .tick(250))
    probe(1, at: 300)
    probe(1, at: 345)
    probe(1, at: 355)
    #expect(
      outcomes == [.dead(.expired), .retry(at: .tick(300)), .retry(at: .tick(345)), .dead(.expired)])
  }

  @Test func theNextProbeIsTold() {
    #expect(LaneKit.lane().status(at: now).nextProbe == nil)
    var lane = openLane()
    #expect(lane.status(at: .tick(103)).nextProbe == .tick(110))
    _ = lane.arrived(Made.delivery(1))
    #expect(lane.start(at: .tick(110)) == [1])
    #expect(lane.status(at: .tick(111)).nextProbe == nil, "while the probe is in flight")
    lane.finish(1, 503, retryAfter: .seconds(60), at: .tick(112))
    #expect(lane.status(at: .tick(112)).nextProbe == .tick(172), "held by Retry-After")
  }

  @Test func aHeadThatIsDeadIsStuckNoMore() {
    var lane = LaneKit.lane {
      $0.ordering = .destination
      $0.retry.maxAttempts = 2
    }
    _ = lane.arrived(Made.delivery(1))
    #expect(lane.start() == [1])
    lane.finish(1, 500)
    #expect(lane.status(at: now).stuckHead?.delivery == DeliveryID(rawValue: 1))
    lane.bring([Made.delivery(1, attempts: 1)])
    #expect(lane.start() == [1])
    #expect(lane.finish(1, 500)?.settlement.outcome == .dead(.exhausted))
    #expect(lane.status(at: now).stuckHead == nil)
  }

  @Test func aHeadIsStuckNoMoreOnceItsLaneWasHeldUntilItFailsAgain() {
    var lane = LaneKit.lane { $0.ordering = .destination }
    _ = lane.arrived(Made.delivery(1))
    #expect(lane.start() == [1])
    lane.finish(1, 500)
    #expect(lane.hold() == [])
    #expect(lane.status(at: now).stuckHead != nil)
    lane.resume()
    #expect(lane.status(at: now).stuckHead == nil)
    lane.bring([Made.delivery(1, attempts: 1)])
    #expect(lane.start(at: .tick(200)) == [1])
    lane.finish(1, 500, at: .tick(200))
    #expect(lane.status(at: .tick(200)).stuckHead?.delivery == DeliveryID(rawValue: 1))
  }

  @Test func aProbeThatMeetsAPermanentStatusIsDeadAndTheCircuitStaysOpen() {
    var lane = openLane()
    _ = lane.arrived(Made.delivery(1))
    #expect(lane.start(at: .tick(110)) == [1])
    #expect(lane.finish(1, 422)?.settlement.outcome == .dead(.permanent))
    #expect(lane.circuit.isOpen)
  }

  @Test func attemptsThatWereInFlightWhenItOpenedCountAsUsual() throws {
    var lane = LaneKit.lane { $0.circuit.failures = 2 }
    for id in 1...4 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
    #expect(lane.start() == [1, 2, 3, 4])
    lane.finish(1, Made.failure(.tls))
    lane.finish(2, Made.failure(.tls))
    #expect(lane.circuit.isOpen)
    let ended = lane.finish(3, 500)
    let attempt = try #require(ended)
    #expect(!attempt.isProbe)
    #expect(attempt.settlement.countedAttempts == 1)
    #expect(attempt.settlement.outcome == .retry(at: .tick(101)))
    #expect(lane.finish(4, 200)?.changesCircuit == true, "its success ends the opening")
    #expect(lane.circuit.state == .recovering(limit: 1))
  }

  @Test func aProbeNeedsASlotLikeAnyAttempt() {
    var lane = LaneKit.lane(concurrency: 2) { $0.circuit.failures = 1 }
    for id in 1...4 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
    #expect(lane.start() == [1, 2])
    lane.finish(1, Made.failure(.timeout))
    #expect(lane.start(at: .tick(110)) == [3])
    #expect(lane.slots.inFlight.count == 2)
    lane.finish(3, Made.failure(.timeout))
    #expect(lane.start(at: .tick(120)) == [4])
  }

  @Test func recoveryDoublesWhatMayBeInFlight() {
    var lane = openLane(concurrency: 8)
    for id in 1...40 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
    #expect(lane.start(at: .tick(110)) == [1])
    lane.finish(1, 200)
    var started = [lane.start(at: .tick(110))]
    while lane.circuit.state != .closed {
      for id in started.last! { lane.finish(id, 200) }
      started.append(lane.start(at: .tick(110)))
    }
    #expect(started.map(\.count) == [1, 2, 4, 8])
    #expect(started.flatMap(\.self) == Array(2...16), "oldest first")
  }

  @Test func recoveryLeavesSlotsToFreshDeliveriesToo() {
    var lane = openLane(concurrency: 8)
    lane.bring((1...20).map { Made.delivery($0, attempts: 1) })
    #expect(lane.start(at: .tick(110)) == [1])
    lane.finish(1, 200)
    #expect(lane.start(at: .tick(110)) == [2], "one slot: for either")
    lane.finish(2, 200)
    #expect(lane.start(at: .tick(110)) == [3], "of two one is left")
    _ = lane.arrived(Made.delivery(101))
    #expect(lane.start(at: .tick(110)) == [101])
  }

  @Test func retryAfterHoldsProbesToo() {
    var lane = openLane()
    _ = lane.arrived(Made.delivery(1))
    _ = lane.arrived(Made.delivery(2))
    #expect(lane.start(at: .tick(110)) == [1])
    lane.finish(1, 503, retryAfter: .seconds(300), at: .tick(110))
    #expect(lane.deadline(now: .tick(110)) == .tick(410))
    #expect(lane.start(at: .millisecond(409_999)) == [])
    #expect(lane.start(at: .tick(410)) == [2])
  }

  @Test func aRateHoldsProbesToo() {
    var lane = LaneKit.lane {
      $0.circuit.failures = 1
      $0.rate = Rate(count: 1, per: .seconds(60))
    }
    for id in 1...3 as ClosedRange<Int64> { _ = lane.arrived(Made.delivery(id)) }
    #expect(lane.start() == [1])
    lane.finish(1, 500)
    #expect(lane.deadline(now: now) == .tick(160))
    #expect(lane.start(at: .tick(159)) == [])
    #expect(lane.start(at: .tick(160)) == [2])
  }

  @Test func arrivalsWaitInTheWindowMeanwhileAndNoFurther() {
    var lane = LaneKit.lane(deliveries: 8) { $0.circuit.failures = 1 }
    _ = lane.arrived(Made.delivery(1))
    _ = lane.start()
    lane.finish(1, 500)
    let refused = (2...9).flatMap { lane.arrived(Made.delivery($0)) }
    #expect(refused.map(\.rawValue) == [8, 9])
    #expect(lane.windows.live.fresh.count == 6)
  }
}

import Testing

@testable import RelayCore

/// What replays have queued, beside what is live.
struct LaneReplayTests {
  /// A lane that a replay has queued these for; their ids begin at 101.
  private func lane(
    replays count: Int64, concurrency: Int, retries: Int64 = 0, change: (inout Destination) -> Void = { _ in }
  ) -> Lane {
    var lane = LaneKit.lane(concurrency: concurrency, change: change)
    lane.replayQueued()
    LaneKit.bringReplays(
      (0..<count).map { Made.delivery(101 + $0, kind: "r", attempts: $0 < retries ? 1 : 0, run: 1) },
      to: &lane)
    return lane
  }

  @Test func itsClaimsAreOfTheReplayQueue() {
    var lane = LaneKit.lane()
    #expect(lane.nextClaim(now: LaneKit.now) == nil)
    lane.replayQueued()
    let claim = lane.nextClaim(now: LaneKit.now)
    #expect(claim?.queue == .replay && claim?.kind == .fresh)
    #expect(lane.isClaiming && lane.nextClaim(now: LaneKit.now) == nil)
  }

  @Test func theyLeaveAnEighthOfTheSlotsFree() {
    for (slots, taken) in [(1, 1), (2, 1), (4, 3), (8, 7), (16, 14)] {
      var lane = lane(replays: 20, concurrency: slots)
      #expect(lane.start().count == taken, "of \(slots)")
    }
  }

  @Test func whatIsLiveGoesFirstWhateverCameFirst() {
    var lane = lane(replays: 3, concurrency: 3)
    for id: Int64 in 1...2 { _ = lane.arrived(Made.delivery(id)) }
    #expect(lane.start() == [1, 2])
    lane.finish(1, 200)
    #expect(lane.start() == [101])
    _ = lane.arrived(Made.delivery(3))
    // The slot that was left.
    #expect(lane.start() == [3])
  }

  @Test func dueRetriesGoBeforeThemToo() {
    var lane = lane(replays: 3, concurrency: 2)
    lane.bring([Made.delivery(1, attempts: 1)])
    #expect(lane.start() == [1])
  }

  @Test func theyTakeNoSlotOfLiveRetries() {
    var lane = lane(replays: 8, concurrency: 8, retries: 8)
    // One is left, and one to fresh ones of theirs.
    #expect(lane.start().count == 6)
    #expect(lane.slots.retriesInFlight == 0 && lane.slots.replaysInFlight == 6)
    lane.bring((1...3).map { Made.delivery($0, attempts: 1) })
    #expect(lane.start().count == 2)
  }

  @Test func liveOnesHaveTheRateFirst() {
    var lane = lane(replays: 3, concurrency: 8) { $0.rate = Rate(count: 1, per: .seconds(1)) }
    for id: Int64 in 1...2 { _ = lane.arrived(Made.delivery(id)) }
    var started: [[Int64]] = []
    for second in 0..<4 { started.append(lane.start(at: LaneKit.now.advanced(by: .seconds(second)))) }
    #expect(started == [[1], [2], [101], [102]])
  }

  @Test func oneFindsOutWhetherTheDestinationIsWellWhereNothingElseIsThere() {
    var lane = lane(replays: 9, concurrency: 8) { $0.circuit.failures = 2 }
    for id in lane.start().prefix(2) { lane.finish(id, 500) }
    #expect(lane.circuit.isOpen && lane.start().isEmpty)
    let later = LaneKit.now.advanced(by: .seconds(10))
    #expect(lane.deadline(now: LaneKit.now) == later)
    let probe = lane.start(at: later)
    #expect(probe == [108])
    lane.finish(108, 200, at: later)
    #expect(!lane.circuit.isOpen)
  }

  @Test func theProbeOfAnOpenCircuitIsALiveOneWhereOneIsThere() {
    var lane = lane(replays: 9, concurrency: 8) { $0.circuit.failures = 2 }
    for id in lane.start().prefix(2) { lane.finish(id, 503) }
    _ = lane.arrived(Made.delivery(1, kind: "r"))
    #expect(lane.start(at: LaneKit.now.advanced(by: .seconds(10))) == [1])
  }

  @Test func theirRetriesAreClaimedFromTheirQueue() throws {
    var lane = lane(replays: 1, concurrency: 4)
    let ended = try #require(lane.start().first.flatMap { lane.finish($0, 500) })
    #expect(ended.delivery.queue == .replay)
    lane.settled(ended.settlement.outcome, of: .replay, now: LaneKit.now)
    #expect(lane.nextClaim(now: LaneKit.now) == nil)
    let claim = lane.nextClaim(now: LaneKit.now.advanced(by: .seconds(2)))
    #expect(claim?.queue == .replay && claim?.kind == .retrying)
  }

  /// The store records them when others leave it room: live ones of the same destination do not wait for that.
  @Test func theirOutcomesThatWaitForTheDiskHoldBackTheirOwnAlone() {
    let count = LaneSlots.maxUnsettledReplays
    var lane = lane(replays: Int64(count) + 9, concurrency: 2)
    for id in 0..<Int64(count) {
      #expect(lane.start() == [101 + id])
      lane.finish(101 + id, 200)
    }
    #expect(lane.start().isEmpty)
    _ = lane.arrived(Made.delivery(1))
    #expect(lane.start() == [1])
    lane.settled(.delivered, of: .replay, now: LaneKit.now)
    lane.finish(1, 200)
    #expect(lane.start() == [101 + Int64(count)])
  }

  @Test func whatIsToBeRecordedSaysInWhichQueueItStands() throws {
    var lane = lane(replays: 1, concurrency: 4)
    _ = lane.arrived(Made.delivery(1))
    let queues = lane.start().map { lane.finish($0, 200)?.settlement.queue }
    #expect(queues == [.live, .replay])
  }

  @Test func aHeldLaneGivesThemBackAndComesForThemAgain() {
    var lane = lane(replays: 3, concurrency: 1)
    #expect(lane.start() == [101])
    #expect(lane.hold().map(\.rawValue) == [102, 103])
    #expect(lane.nextClaim(now: LaneKit.now) == nil)
    lane.resume()
    var queues: [DeliveryQueue] = []
    while let claim = lane.nextClaim(now: LaneKit.now) { queues.append(claim.queue) }
    #expect(queues == [.live, .live, .replay, .replay])
  }

  @Test func whatComesOfAClaimAfterARemovalGoesBack() {
    var lane = LaneKit.lane()
    lane.replayQueued()
    _ = lane.nextClaim(now: LaneKit.now)
    #expect(lane.remove().isEmpty && !lane.isQuiet)
    let late = Claim(
      destination: "d", queue: .replay, kind: .fresh, deliveries: [Made.delivery(101, run: 1)],
      isExhausted: true)
    #expect(lane.claimed(late, now: LaneKit.now).map(\.rawValue) == [101])
    #expect(lane.isQuiet)
  }
}

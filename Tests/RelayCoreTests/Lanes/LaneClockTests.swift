import Testing

@testable import RelayCore

/// What a wrong clock does to a lane: nothing that can't be undone.
@Suite struct LaneClockTests {
  private func lane(signs: Bool = true, _ change: (inout Destination) -> Void = { _ in }) -> Lane {
    LaneKit.lane {
      if signs { $0.signingSecrets = [SigningSecret(key: [1])] }
      $0.retry.jitter = 0
      change(&$0)
    }
  }

  private func result(_ status: Int, clock offset: Int?) -> AttemptResult {
    var result = Made.result(status)
    result.clockOffset = offset.map { .seconds($0) }
    return result
  }

  /// Sends a delivery and has it answered.
  private func outcome(
    _ lane: inout Lane, _ result: AttemptResult, attempts: Int = 0, since: Timestamp = .tick(100)
  ) -> Settlement {
    _ = lane.arrived(Made.delivery(1, attempts: attempts, since: since))
    _ = lane.start()
    return lane.finish(1, result)!.settlement
  }

  @Test(arguments: [400, 401, 403, 410, 422, 499], [61, -61, 5_000])
  func a4xxToASignedRequestKillsNothingWhileTheClocksDiffer(status: Int, offset: Int) {
    var lane = lane { $0.retry.maxAttempts = 1 }
    let settlement = outcome(&lane, result(status, clock: offset), since: .tick(-999_999))
    #expect(settlement.outcome == .retry(at: .tick(101)))
    #expect(settlement.attempts == 1 && settlement.countedAttempts == 0)
  }

  @Test(arguments: [60, 0, -60, nil] as [Int?])
  func itDoesWhileTheyAgreeOrNobodyKnows(offset: Int?) {
    var lane = lane()
    #expect(outcome(&lane, result(400, clock: offset)).outcome == .dead(.permanent))
  }

  @Test func itDoesWhereNothingIsSigned() {
    var lane = lane(signs: false)
    #expect(outcome(&lane, result(400, clock: 5_000)).outcome == .dead(.permanent))
  }

  @Test func anyOtherFailureIsWhatItWas() {
    var lane = lane {
      $0.retry.maxAttempts = 1
      $0.permanentStatuses = [501]
    }
    #expect(outcome(&lane, result(501, clock: 5_000)).outcome == .dead(.permanent))
    #expect(outcome(&lane, result(503, clock: 5_000)).outcome == .dead(.exhausted))
    #expect(outcome(&lane, result(200, clock: 5_000)).outcome == .delivered)
  }

  @Test func whatAnEarlierAnswerToldIsRememberedUntilOneTellsAnother() {
    var lane = lane()
    _ = outcome(&lane, result(200, clock: 900))
    #expect(outcome(&lane, result(400, clock: nil)).outcome == .retry(at: .tick(101)))
    _ = outcome(&lane, result(200, clock: 0))
    #expect(outcome(&lane, result(400, clock: nil)).outcome == .dead(.permanent))
  }

  @Test func aClockThatIsSetRightIsKnownToBe() {
    var lane = lane()
    _ = outcome(&lane, result(200, clock: -900))
    lane.wallClockStepped(by: .seconds(900))
    #expect(outcome(&lane, result(400, clock: nil)).outcome == .dead(.permanent))
  }

  @Test func itIsTheDestinationsFailureSoThatTheRestWaits() {
    var lane = lane { $0.circuit.failures = 2 }
    for id in [1, 2] as [Int64] {
      _ = lane.arrived(Made.delivery(id))
      _ = lane.start()
      lane.finish(id, result(400, clock: 900))
    }
    #expect(lane.circuit.isOpen)
    // Nor does a probe kill.
    _ = lane.arrived(Made.delivery(3))
    let later = Timestamp.tick(1_000)
    _ = lane.advance(to: later)
    #expect(lane.start(at: later) == [3])
    #expect(lane.finish(3, result(400, clock: 900), at: later)?.settlement.outcome == .retry(at: later))
  }

  @Test func anotherServerHasAnotherClock() {
    var lane = lane()
    _ = outcome(&lane, result(200, clock: 900))
    var moved = lane.destination
    moved.url = Secret("http://elsewhere")
    _ = lane.reconfigure(moved)
    #expect(outcome(&lane, result(400, clock: nil)).outcome == .dead(.permanent))
  }

  // MARK: Times

  @Test func noRetryIsAwaitedLongerThanTheLongestDelay() throws {
    var lane = Lane(destination: Made.destination(), window: WindowSize(deliveries: 1_024, bytes: 64 << 20))
    var requests: [ClaimRequest] = []
    while let request = lane.nextClaim(now: LaneKit.now) {
      requests.append(request)
      lane.claimed(LaneKit.answer(request), now: LaneKit.now)
    }
    let latest = try #require(requests.first { $0.kind == .retrying }).latestDue
    // max_delay and its jitter.
    #expect(LaneKit.now.duration(to: latest) >= .seconds(360))
    #expect(LaneKit.now.duration(to: latest) < .seconds(361))
    // One that is beyond is fetched at once, so that the store brings it in.
    #expect(lane.promoted(Made.delivery(7, attempts: 1, due: .tick(900_000)), now: LaneKit.now) != [])
    #expect(lane.nextClaim(now: LaneKit.now)?.kind == .retrying)
  }

  @Test(arguments: [1.0, 0.5, 0.0], [300, 1, 86_400])
  func noDelayIsLongerThanTheLongest(jitter: Double, maxDelay: Int) {
    var policy = RetryPolicy()
    (policy.jitter, policy.maxDelay) = (jitter, .seconds(maxDelay))
    #expect(policy.delay(afterAttempt: 99, random: 0.999_999_999) <= policy.longestDelay)
  }

  @Test func aPauseEndsWhenTheWallClockSaysSo() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .wallClock(offset: .seconds(1_000)), at: .tick(100))
    _ = dispatcher.actions(after: .pause("a", until: .tick(1_160)), .arrived([Made.delivery(1, to: "a")]))
    #expect(dispatcher.snapshot(now: .tick(159))[0].pausedUntil == .tick(160))
    // An hour back: an hour longer.
    _ = dispatcher.actions(after: .wallClock(offset: .seconds(-2_600)), at: .tick(110))
    #expect(dispatcher.actions(at: .tick(3_759)).attempted == [])
    #expect(dispatcher.actions(at: .tick(3_760)).attempted == [1])
  }

  @Test func aClockThatIsSetForwardEndsAPauseAtOnce() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .pause("a", until: .tick(5_000)), .arrived([Made.delivery(1, to: "a")]))
    #expect(dispatcher.actions(after: .wallClock(offset: .seconds(4_900)), at: .tick(101)).attempted == [1])
  }

  @Test func aPauseWithAnEndIsLookedAtNowAndThen() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .pause("a", until: .tick(5_000)), at: .tick(100))
    #expect(dispatcher.nextDeadline() == .tick(130))
    #expect(dispatcher.actions(at: .tick(130)).suspendedTimes == [])
    #expect(dispatcher.nextDeadline() == .tick(160))
    _ = dispatcher.actions(after: .pause("a", until: .distantFuture), at: .tick(131))
    #expect(dispatcher.nextDeadline() == nil)
  }

  @Test func aPauseIsKeptByTheWallClockAlsoWithoutALane() {
    var dispatcher = Dispatcher.idle()
    var stored = StoredDestination(name: "a")
    stored.pausedUntil = .tick(1_160)
    _ = dispatcher.actions(after: .wallClock(offset: .seconds(1_000)), .restored([stored]), at: .tick(100))
    _ = dispatcher.actions(after: .wallClock(offset: .seconds(1_020)), at: .tick(101))
    _ = dispatcher.actions(after: .configure([Made.destination("a")]), at: .tick(102))
    #expect(dispatcher.snapshot(now: .tick(139))[0].pausedUntil == .tick(140))
  }
}

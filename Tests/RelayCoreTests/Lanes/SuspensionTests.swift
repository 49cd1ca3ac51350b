import Testing

@testable import RelayCore

/// Pauses, open circuits, and the time that they take up.
@Suite struct SuspensionTests {
  private func touchy(_ name: String = "a") -> Destination {
    var destination = Made.destination(name)
    destination.circuit.failures = 1
    destination.retry.maxAge = .seconds(100)
    destination.retry.jitter = 0
    return destination
  }

  @Test func aPauseAndItsEndAreNoted() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    let delivery = Made.delivery(1, to: "a")
    #expect(
      dispatcher.actions(after: .pause("a", until: .distantFuture), at: .tick(100))
        == [.keepSuspendedTime(SuspendedTime(since: .tick(100)), destination: "a")])
    #expect(dispatcher.actions(after: .arrived([delivery]), at: .tick(120)) == [])
    #expect(
      dispatcher.actions(after: .pause("a", until: nil), at: .tick(150))
        == [.keepSuspendedTime(SuspendedTime(ended: .seconds(50)), destination: "a"), .attempt(delivery)])
  }

  @Test func sinceWhenItIsPausedIsTold() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    #expect(dispatcher.snapshot(now: .tick(99))[0].pausedSince == nil)
    _ = dispatcher.actions(after: .pause("a", until: .tick(160)), at: .tick(100))
    _ = dispatcher.actions(after: .pause("a", until: .distantFuture), at: .tick(120))
    #expect(dispatcher.snapshot(now: .tick(130))[0].pausedSince == .tick(100))
    _ = dispatcher.actions(after: .pause("a", until: nil), at: .tick(150))
    #expect(dispatcher.snapshot(now: .tick(150))[0].pausedSince == nil)
  }

  @Test func aPauseThatHasOutlivedARestartBeganBeforeIt() {
    var stored = StoredDestination(name: "a")
    stored.pausedUntil = .distantFuture
    stored.suspended = SuspendedTime(since: .tick(40))
    var dispatcher = Dispatcher.idle()
    _ = dispatcher.actions(after: .restored([stored]), .configure([Made.destination("a")]), at: .tick(100))
    #expect(dispatcher.snapshot(now: .tick(101))[0].pausedSince == .tick(40))
  }

  @Test func aPauseOfAnOpenCircuitBeginsWithThePause() {
    var dispatcher = Dispatcher.idle(touchy())
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]), at: .tick(99))
    _ = dispatcher.actions(after: .finished(Made.finished(1, 503, of: "a")), at: .tick(100))
    _ = dispatcher.actions(after: .pause("a", until: .distantFuture), at: .tick(110))
    #expect(dispatcher.snapshot(now: .tick(120))[0].pausedSince == .tick(110))
  }

  @Test func sinceWhenItRecoversIsTold() {
    var dispatcher = Dispatcher.idle(touchy())
    _ = dispatcher.actions(after: .arrived((1...3).map { Made.delivery($0, to: "a") }), at: .tick(99))
    _ = dispatcher.actions(after: .finished(Made.finished(1, 503, of: "a")), at: .tick(100))
    #expect(dispatcher.snapshot(now: .tick(120))[0].recoveringSince == nil)
    _ = dispatcher.actions(after: .finished(Made.finished(2, 200, of: "a")), at: .tick(140))
    #expect(dispatcher.snapshot(now: .tick(150))[0].recoveringSince == .tick(140))
  }

  @Test func aPauseWithAnEndEndsByItself() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .pause("a", until: .tick(160)), .arrived([Made.delivery(1, to: "a")]))
    #expect(dispatcher.snapshot(now: .tick(159))[0].pausedUntil == .tick(160))
    // On the way it is looked at, since the wall clock may have been set.
    #expect(dispatcher.actions(at: .tick(150)).attempted == [])
    #expect(dispatcher.nextDeadline() == .tick(160))
    let actions = dispatcher.actions(at: .tick(160))
    #expect(actions.suspendedTimes == [SuspendedTime(ended: .seconds(60))])
    #expect(actions.attempted == [1])
    #expect(dispatcher.nextDeadline() == nil)
    #expect(!dispatcher.snapshot(now: .tick(160))[0].isPaused)
  }

  @Test func aPauseWithAnEndEndsAlsoWhereNothingWaits() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .pause("a", until: .tick(160)), at: .tick(140))
    #expect(dispatcher.nextDeadline() == .tick(160))
    #expect(dispatcher.actions(at: .tick(160)).suspendedTimes == [SuspendedTime(ended: .seconds(20))])
  }

  @Test func anOpenCircuitIsNotedAndItsRecoveryIsService() {
    var dispatcher = Dispatcher.idle(touchy())
    _ = dispatcher.actions(after: .arrived((1...3).map { Made.delivery($0, to: "a") }), at: .tick(99))
    let opened = dispatcher.actions(after: .finished(Made.finished(1, 503, of: "a")))
    #expect(opened.circuitChanges == [.opened(failure: "status 503")])
    #expect(opened.suspendedTimes == [SuspendedTime(since: .tick(100))])
    let closed = dispatcher.actions(after: .finished(Made.finished(2, 200, of: "a")), at: .tick(140))
    #expect(closed.circuitChanges == [.recovering])
    #expect(closed.suspendedTimes == [SuspendedTime(ended: .seconds(40))])
  }

  @Test func aPauseDuringAnOpenCircuitCountsOnce() {
    var dispatcher = Dispatcher.idle(touchy())
    _ = dispatcher.actions(after: .arrived((1...3).map { Made.delivery($0, to: "a") }), at: .tick(99))
    _ = dispatcher.actions(after: .finished(Made.finished(1, 503, of: "a")))
    #expect(
      dispatcher.actions(after: .pause("a", until: .distantFuture), at: .tick(110)).suspendedTimes == [])
    let recovered = dispatcher.actions(after: .finished(Made.finished(2, 200, of: "a")), at: .tick(140))
    #expect(recovered.suspendedTimes == [], "still paused")
    #expect(
      dispatcher.actions(after: .pause("a", until: nil), at: .tick(170)).suspendedTimes
        == [SuspendedTime(ended: .seconds(70))])
  }

  @Test func whatWaitedOnlyThroughSuspensionDoesNotExpire() {
    var dispatcher = Dispatcher.idle(touchy())
    _ = dispatcher.actions(after: .pause("a", until: .distantFuture), at: .tick(100))
    let received = Made.delivery(1, to: "a", since: .tick(100))
    _ = dispatcher.actions(after: .arrived([received]), at: .tick(101))
    #expect(dispatcher.actions(after: .pause("a", until: nil), at: .tick(90_000)).attempted == [1])
    let failed = dispatcher.actions(after: .finished(Made.finished(1, 500, of: "a")), at: .tick(90_099))
    #expect(failed.settlements.map(\.outcome) == [.retry(at: .tick(90_100))])
    // In service it ages.
    dispatcher = Dispatcher.idle(touchy())
    _ = dispatcher.actions(after: .arrived([received]), at: .tick(101))
    let late = dispatcher.actions(after: .finished(Made.finished(1, 500, of: "a")), at: .tick(200))
    #expect(late.settlements.map(\.outcome) == [.dead(.expired)])
  }

  @Test func theTimeOfEarlierSuspensionsIsNotTakenOffTwice() {
    var stored = StoredDestination(name: "a")
    stored.suspended = SuspendedTime(ended: .seconds(1_000))
    var dispatcher = Dispatcher()
    dispatcher.answerClaims(dispatcher.actions(after: .restored([stored]), .configure([touchy()])))
    // Received at 5,000 s, on the service clock 4,000 s.
    _ = dispatcher.actions(
      after: .arrived([Made.delivery(1, to: "a", since: .tick(4_000))]), at: .tick(5_000))
    let failed = dispatcher.actions(after: .finished(Made.finished(1, 500, of: "a")), at: .tick(5_100))
    #expect(failed.settlements.map(\.outcome) == [.dead(.expired)])
  }

  @Test(arguments: [true, false])
  func aRestartKeepsAPersonsPauseAndTheSuspendedTime(isToldFirst: Bool) {
    var stored = StoredDestination(name: "a")
    stored.pausedUntil = .tick(500)
    stored.suspended = SuspendedTime(ended: .seconds(7), since: .tick(60))
    var dispatcher = Dispatcher()
    let inputs: [Dispatcher.Input] = [.restored([stored]), .configure([Made.destination("a")])]
    for input in isToldFirst ? inputs : inputs.reversed() { dispatcher.handle(input, now: .tick(100)) }
    #expect(dispatcher.takeActions(now: .tick(100)).suspendedTimes == [])
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]), at: .tick(101))
    #expect(dispatcher.snapshot(now: .tick(101))[0].isPaused)
    #expect(dispatcher.actions(at: .tick(500)).suspendedTimes == [SuspendedTime(ended: .seconds(447))])
  }

  @Test func aRestartEndsASuspensionByTheCircuit() {
    var stored = StoredDestination(name: "a")
    stored.suspended = SuspendedTime(since: .tick(60))
    var dispatcher = Dispatcher()
    let actions = dispatcher.actions(after: .configure([Made.destination("a")]), .restored([stored]))
    #expect(actions.suspendedTimes == [SuspendedTime(ended: .seconds(40))])
  }

  @Test func aDestinationThatTheFilePausesIsSuspended() {
    var paused = Made.destination("a")
    paused.pausedAt = "routes.yaml:3"
    var dispatcher = Dispatcher()
    #expect(
      dispatcher.actions(after: .configure([paused])).suspendedTimes == [SuspendedTime(since: .tick(100))])
    #expect(dispatcher.snapshot(now: .tick(100))[0].isPaused)
    #expect(dispatcher.snapshot(now: .tick(100))[0].pausedUntil == nil)
    // That its line has moved is no change to the transport.
    paused.pausedAt = "routes.yaml:4"
    #expect(dispatcher.actions(after: .configure([paused]), at: .tick(110)) == [])
    let resumed = dispatcher.actions(after: .configure([Made.destination("a")]), at: .tick(130))
    #expect(resumed == [.keepSuspendedTime(SuspendedTime(ended: .seconds(30)), destination: "a")])
  }

  @Test func aPersonsPauseOutlastsTheDestinationsAbsence() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .pause("a", until: .distantFuture))
    _ = dispatcher.actions(after: .configure([]))
    #expect(dispatcher.lanes.all.isEmpty)
    _ = dispatcher.actions(after: .configure([Made.destination("a")]), at: .tick(200))
    #expect(dispatcher.actions(after: .promoted([Made.delivery(1, to: "a")]), at: .tick(200)) == [])
    let resumed = dispatcher.actions(after: .pause("a", until: nil), at: .tick(250))
    #expect(resumed.attempted == [1] && resumed.suspendedTimes == [SuspendedTime(ended: .seconds(150))])
  }

  @Test func aPauseThatEndedDuringTheAbsenceIsOver() {
    var dispatcher = Dispatcher.idle()
    let paused = dispatcher.actions(after: .pause("a", until: .tick(150)))
    #expect(paused == [.keepSuspendedTime(SuspendedTime(since: .tick(100)), destination: "a")])
    _ = dispatcher.actions(after: .configure([Made.destination("a")]), at: .tick(200))
    #expect(
      dispatcher.actions(after: .promoted([Made.delivery(1, to: "a")]), at: .tick(200)).attempted == [1])
  }

  @Test func anOpenCircuitIsForgottenWithItsLane() {
    var dispatcher = Dispatcher.idle(touchy())
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]))
    _ = dispatcher.actions(after: .finished(Made.finished(1, 500, of: "a")))
    _ = dispatcher.actions(after: .configure([]), at: .tick(110))
    let settled = Dispatcher.Settled(destination: "a", outcome: .retry(at: .tick(101)))
    let gone = dispatcher.actions(after: .settled([settled]), at: .tick(120))
    #expect(gone == [.keepSuspendedTime(SuspendedTime(ended: .seconds(20)), destination: "a")])
    #expect(dispatcher.lanes.all.isEmpty)
  }
}

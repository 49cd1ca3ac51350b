import Testing

@testable import RelayCore

@Suite struct DispatcherTests {
  @Test func anArrivalIsAttemptedSettledAndForgotten() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    let delivery = Made.delivery(1, to: "a")
    #expect(dispatcher.actions(after: .arrived([delivery])) == [.attempt(delivery)])
    #expect(!dispatcher.isIdle)
    #expect(
      dispatcher.actions(after: .finished(Made.finished(1, 200, of: "a"))) == [.delivered(1, to: "a")])
    #expect(!dispatcher.isIdle, "the outcome is not on disk")
    #expect(dispatcher.actions(after: .settled([.init(destination: "a", outcome: .delivered)])) == [])
    #expect(dispatcher.isIdle)
    #expect(dispatcher.nextDeadline() == nil)
  }

  @Test func aDestinationThatHangsTakesNothingFromAnother() {
    var dispatcher = Dispatcher.idle(
      Made.destination("hung", concurrency: 4), Made.destination("well", concurrency: 4))
    let hung = (1...50).map { Made.delivery($0, to: "hung") }
    #expect(dispatcher.actions(after: .arrived(hung)).count == 4)
    let well = (101...150).map { Made.delivery($0, to: "well") }
    #expect(dispatcher.actions(after: .arrived(well)) == well.prefix(4).map { .attempt($0) })
    for id in 101...146 as ClosedRange<Int64> {
      let actions = dispatcher.actions(after: .finished(Made.finished(id, 200, of: "well")))
      #expect(actions == [.delivered(id, to: "well"), .attempt(well[Int(id) - 97])])
    }
  }

  @Test func drainingStartsNothingAndSettlesWhatEnds() {
    var dispatcher = Dispatcher.idle(Made.destination("a", concurrency: 1))
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a"), Made.delivery(2, to: "a")]))
    #expect(dispatcher.actions(after: .drain) == [])
    #expect(!dispatcher.isIdle)
    #expect(
      dispatcher.actions(after: .finished(Made.finished(1, 200, of: "a"))) == [.delivered(1, to: "a")])
    #expect(dispatcher.actions(after: .arrived([Made.delivery(3, to: "a")])) == [])
    let retry = Dispatcher.Settled(destination: "a", outcome: .retry(at: LaneKit.now))
    #expect(dispatcher.actions(after: .settled([retry])) == [])
    #expect(dispatcher.isIdle)
    #expect(dispatcher.nextDeadline() == nil)
  }

  @Test func anAttemptThatNobodyStartedIsReleased() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    #expect(
      dispatcher.actions(after: .finished(Made.finished(7, 200, of: "a")))
        == [.release([DeliveryID(rawValue: 7)])])
  }

  @Test func whatFallsDueLaterDoesNotWakeADispatcherThatDrains() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]))
    _ = dispatcher.actions(after: .finished(Made.finished(1, 500, of: "a")))
    _ = dispatcher.actions(after: .settled([.init(destination: "a", outcome: .retry(at: .tick(200)))]))
    #expect(dispatcher.nextDeadline() == .tick(200))
    #expect(dispatcher.actions(after: .drain) == [])
    #expect(dispatcher.nextDeadline() == nil)
  }

  @Test func nothingStartsWhileTheStoreHoldsOutcomes() {
    var dispatcher = Dispatcher.idle(Made.destination("a", concurrency: 1), Made.destination("b"))
    #expect(dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")])).attempted == [1])
    #expect(dispatcher.actions(after: .storeHolds(true)) == [])
    let waiting = [Made.delivery(2, to: "a"), Made.delivery(3, to: "b")]
    #expect(dispatcher.actions(after: .arrived(waiting)) == [])
    #expect(dispatcher.actions(after: .finished(Made.finished(1, 200, of: "a"))) == [.delivered(1, to: "a")])
    #expect(dispatcher.nextDeadline() == nil, "it would wake for nothing")
    #expect(dispatcher.actions(after: .storeHolds(false)).attempted.sorted() == [2, 3])
  }

  @Test func anAttemptThatHoldsItsLaneWakesNobodyWhileTheStoreHolds() {
    var dispatcher = Dispatcher.idle(Made.destination("a", concurrency: 1))
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a"), Made.delivery(2, to: "a")]))
    let asked = Made.finished(1, 503, of: "a", retryAfter: .seconds(30))
    _ = dispatcher.actions(after: .storeHolds(true), .finished(asked))
    #expect(dispatcher.nextDeadline() == nil)
    #expect(dispatcher.actions(after: .storeHolds(false)) == [])
    #expect(dispatcher.nextDeadline() == .tick(130))
  }

  @Test func lanesTakeTheirTurnsInTheOrderInWhichTheyWereTouched() {
    var dispatcher = Dispatcher.idle(Made.destination("a"), Made.destination("b"), Made.destination("c"))
    let arrivals = [Made.delivery(1, to: "c"), Made.delivery(2, to: "a"), Made.delivery(3, to: "c")]
    #expect(dispatcher.actions(after: .arrived(arrivals)).attempted == [1, 3, 2])
    _ = dispatcher.actions(after: .arrived([Made.delivery(4, to: "b")]))
    let ended = dispatcher.actions(
      after: .finished(Made.finished(4, 200, of: "b")), .arrived([Made.delivery(5, to: "a")]),
      .arrived([Made.delivery(6, to: "b")]))
    #expect(ended.attempted == [6, 5])
  }

  @Test func aSnapshotTellsHowEachLaneIs() {
    var touchy = Made.destination("b")
    touchy.circuit.failures = 2
    var dispatcher = Dispatcher.idle(Made.destination("a"), touchy, Made.destination("c"))
    _ = dispatcher.actions(
      after: .arrived((1...3).map { Made.delivery($0, to: "b") } + [Made.delivery(4, to: "c")]))
    _ = dispatcher.actions(
      after: .finished(Made.finished(1, .connectionRefused, of: "b")),
      .finished(Made.finished(2, 503, of: "b", retryAfter: .seconds(9))), .pause("c", until: .tick(300)),
      .configure([Made.destination("a"), touchy]), .settled([.init(destination: "a", outcome: .delivered)]))
    var failing = LaneStatus(
      name: "b", circuit: .open(since: .tick(100)), heldUntil: .tick(109),
      inFlight: [DeliveryID(rawValue: 3)],
      lastFailure: "status 503")
    (failing.failingSince, failing.failures, failing.nextProbe) = (.tick(100), 2, .tick(109))
    #expect(
      dispatcher.snapshot(now: .tick(102)) == [
        LaneStatus(name: "a", pace: 0.5), failing,
        LaneStatus(
          name: "c", isPaused: true, pausedUntil: .tick(300), inFlight: [DeliveryID(rawValue: 4)],
          isRemoved: true),
      ])
    #expect(dispatcher.snapshot(now: .tick(109))[1].heldUntil == nil)
  }

  @Test func aHoldIsLiftedByAPersonAndTheDestinationBeginsAnew() {
    var touchy = Made.destination("a")
    touchy.circuit.failures = 2
    var dispatcher = Dispatcher.idle(touchy)
    _ = dispatcher.actions(after: .arrived((1...2).map { Made.delivery($0, to: "a") }))
    let held = dispatcher.actions(
      after: .finished(Made.finished(1, 503, of: "a", retryAfter: .seconds(3_000))),
      .finished(Made.finished(2, 503, of: "a")), .arrived((3...5).map { Made.delivery($0, to: "a") }))
    #expect(held.attempted == [])
    #expect(dispatcher.snapshot(now: LaneKit.now)[0].heldUntil == .tick(3_100))
    let lifted = dispatcher.actions(after: .endRetryAfter("a"), at: .tick(101))
    #expect(lifted.first == .freshConnections(["a"]))
    #expect(lifted.attempted == [3, 4], "a trial and a probe are due at once")
    #expect(dispatcher.snapshot(now: .tick(101))[0].heldUntil == nil)
  }

  @Test func onlyDestinationsThatThereAreBeginOnFreshConnections() {
    var dispatcher = Dispatcher.idle(Made.destination("a"), Made.destination("b"))
    #expect(dispatcher.actions(after: .freshConnections(["b", "gone"])) == [.freshConnections(["b"])])
    #expect(dispatcher.actions(after: .freshConnections(["gone"])) == [])
    #expect(dispatcher.actions(after: .endRetryAfter("gone")) == [])
  }

  @Test func aFailureWithoutAStatusIsToldInItsOwnWords() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]))
    _ = dispatcher.actions(after: .finished(Made.finished(1, .nameResolution, of: "a")))
    #expect(dispatcher.snapshot(now: LaneKit.now)[0].lastFailure == "name resolution: made up")
  }
}

import Testing

@testable import RelayCore

/// Destinations that come, change and go.
@Suite struct ReconfigurationTests {
  @Test func anArrivalForADestinationThatIsNotConfiguredGoesBack() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    let deliveries = [Made.delivery(1, to: "gone"), Made.delivery(2, to: "a")]
    #expect(
      dispatcher.actions(after: .arrived(deliveries))
        == [.release([DeliveryID(rawValue: 1)]), .attempt(deliveries[1])])
  }

  @Test func aRemovedDestinationGivesItsWindowBack() {
    var dispatcher = Dispatcher.idle(Made.destination("a", concurrency: 1), Made.destination("b"))
    _ = dispatcher.actions(after: .arrived((1...3).map { Made.delivery($0, to: "a") }))
    #expect(
      dispatcher.actions(after: .configure([Made.destination("b")])) == [
        .release([DeliveryID(rawValue: 2), DeliveryID(rawValue: 3)]), .changeDestinations([], removed: ["a"]),
      ])
    let arrival = Made.delivery(4, to: "a")
    #expect(dispatcher.actions(after: .arrived([arrival])) == [.release([arrival.id])])
  }

  @Test func whatWasInFlightToARemovedDestinationIsStillSettled() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]))
    _ = dispatcher.actions(after: .configure([]))
    #expect(
      dispatcher.actions(after: .finished(Made.finished(1, 200, of: "a"))) == [.delivered(1, to: "a")])
    #expect(dispatcher.lanes.all.count == 1)
    _ = dispatcher.actions(after: .settled([.init(destination: "a", outcome: .delivered)]))
    #expect(dispatcher.lanes.all.isEmpty && dispatcher.isIdle)
  }

  @Test func aDestinationThatComesBackGoesOnWithWhatWasUnderWay() {
    var dispatcher = Dispatcher.idle(Made.destination("a", concurrency: 1))
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]))
    _ = dispatcher.actions(after: .configure([]))
    let back = dispatcher.actions(after: .configure([Made.destination("a", concurrency: 1)]))
    #expect(back.first == .changeDestinations([Made.destination("a", concurrency: 1)], removed: []))
    dispatcher.answerClaims(back)
    let next = Made.delivery(2, to: "a")
    #expect(dispatcher.actions(after: .arrived([next])) == [], "its one slot is taken")
    #expect(
      dispatcher.actions(after: .finished(Made.finished(1, 200, of: "a")))
        == [.delivered(1, to: "a"), .attempt(next)])
  }

  @Test func theTransportIsToldOnlyWhatChanges() {
    var dispatcher = Dispatcher.idle(Made.destination("a"), Made.destination("b"))
    #expect(dispatcher.actions(after: .configure([Made.destination("a"), Made.destination("b")])) == [])
    let changed = Made.destination("b", concurrency: 9)
    #expect(
      dispatcher.actions(after: .configure([Made.destination("a"), changed]))
        == [.changeDestinations([changed], removed: [])])
  }

  @Test func moreDestinationsLeaveEachASmallerWindow() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    #expect(dispatcher.lanes["a"]?.windows.live.size == .share(ofLanes: 1))
    _ = dispatcher.actions(after: .configure(["a", "b", "c", "d"].map { Made.destination($0) }))
    #expect(dispatcher.lanes.all.allSatisfy { $0.windows.live.size == .share(ofLanes: 4) })
  }

  @Test func anUnchangedLaneKeepsItsCircuitAndAChangedOneProbesAtOnce() {
    func touchy(_ name: String) -> Destination {
      var destination = Made.destination(name)
      destination.circuit.failures = 1
      return destination
    }
    var dispatcher = Dispatcher.idle(touchy("a"), touchy("b"))
    for (id, name) in [(1, "a"), (2, "b")] as [(Int64, String)] {
      _ = dispatcher.actions(after: .arrived([Made.delivery(id, to: name)]))
      _ = dispatcher.actions(after: .finished(Made.finished(id, 401, of: name)))
      _ = dispatcher.actions(after: .arrived([Made.delivery(id + 10, to: name)]))
    }
    var mended = touchy("b")
    mended.authorization = .bearer(Secret("new"))
    let actions = dispatcher.actions(after: .configure([touchy("a"), mended]), at: .tick(101))
    #expect(actions.attempted == [12])
    #expect(
      dispatcher.snapshot(now: .tick(101)).map(\.circuit) == [
        .open(since: .tick(100)), .open(since: .tick(100)),
      ])
    #expect(dispatcher.actions(at: .tick(110)).attempted == [11])
  }

  @Test func aLoweredConcurrencyMayCloseARecoveringCircuit() {
    var destination = Made.destination("a")
    destination.circuit.failures = 1
    var dispatcher = Dispatcher.idle(destination)
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a"), Made.delivery(2, to: "a")]))
    _ = dispatcher.actions(
      after: .finished(Made.finished(1, 500, of: "a")), .finished(Made.finished(2, 200, of: "a")))
    #expect(dispatcher.snapshot(now: LaneKit.now)[0].circuit == .recovering(limit: 1))
    destination.concurrency = 1
    #expect(dispatcher.actions(after: .configure([destination])).circuitChanges == [.closed])
  }

  @Test func aShorterDelayHoldsForRetriesThatWaitInTheStoreToo() {
    var destination = Made.destination("a")
    destination.retry.maxDelay = .seconds(3_600)
    var dispatcher = Dispatcher.idle(destination)
    let claims = { (actions: [Dispatcher.Action]) -> [ClaimRequest] in
      actions.compactMap { if case .claim(let request) = $0 { request } else { nil } }
    }
    destination.timeout = .seconds(7)
    #expect(claims(dispatcher.actions(after: .configure([destination]))).isEmpty)
    destination.retry.maxDelay = .seconds(5)
    let asked = claims(dispatcher.actions(after: .configure([destination])))
    #expect(asked.map(\.kind) == [.retrying])
    #expect(asked.first.map { LaneKit.now.duration(to: $0.latestDue) < .seconds(60) } == true)
  }
}

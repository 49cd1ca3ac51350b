import Testing

@testable import RelayCore

/// Lanes over a store that other relays share: what these store, and lanes that go from one relay to another.
@Suite struct SharedLaneTests {
  private func claims(_ actions: [Dispatcher.Action]) -> [ClaimRequest] {
    actions.compactMap { if case .claim(let request) = $0 { request } else { nil } }
  }

  @Test func whatOthersHaveStoredIsAskedFor() {
    var dispatcher = Dispatcher.idle(Made.destination("a"), Made.destination("b"))
    let asked = claims(dispatcher.actions(after: .storedByOthers(["a", "nobody"])))
    #expect(asked.map(\.destination) == ["a"])
    #expect(asked.first?.kind == .fresh && asked.first?.queue == .live)
  }

  /// It was answered that there is nothing by a relay that did not serve it.
  @Test func whatChangesHandsIsLookedForInTheStore() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    let asked = claims(dispatcher.actions(after: .changedHands(["a", "nobody"])))
    #expect(asked.map(\.kind) == [.fresh, .retrying])
  }

  @Test func itsCircuitBeginsAnew() {
    var destination = Made.destination("a")
    destination.circuit.failures = 1
    var dispatcher = Dispatcher.idle(destination)
    _ = dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")]))
    let opened = dispatcher.actions(after: .finished(Made.finished(1, 503, of: "a")))
    #expect(opened.circuitChanges == [.opened(failure: "status 503")])
    let settled = Dispatcher.Settled(destination: "a", outcome: .retry(at: LaneKit.now))
    dispatcher.answerClaims(dispatcher.actions(after: .settled([settled])))
    let anew = dispatcher.actions(after: .changedHands(["a"]))
    #expect(anew.circuitChanges == [.closed])
    dispatcher.answerClaims(anew)
    // One after another, not as a probe.
    let started = dispatcher.actions(after: .arrived([Made.delivery(2, to: "a"), Made.delivery(3, to: "a")]))
    #expect(started.attempted == [2, 3])
  }

  @Test func itIsPausedAsTheStoreSays() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    var stored = StoredDestination(name: "a")
    stored.pausedUntil = .distantFuture
    dispatcher.answerClaims(dispatcher.actions(after: .restored([stored]), .changedHands(["a"])))
    #expect(dispatcher.actions(after: .arrived([Made.delivery(1, to: "a")])).attempted == [])
  }
}

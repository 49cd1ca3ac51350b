import Testing

@testable import RelayCore

/// Lanes that give everything back, so that a person's wish can be carried out in the store.
@Suite struct HeldLaneTests {
  private func claims(_ actions: [Dispatcher.Action]) -> [ClaimRequest] {
    actions.compactMap { if case .claim(let request) = $0 { request } else { nil } }
  }

  @Test func aHeldLaneKeepsOnlyWhatIsInFlight() {
    var dispatcher = Dispatcher.idle(Made.destination("a", concurrency: 1), Made.destination("b"))
    _ = dispatcher.actions(after: .arrived((1...3).map { Made.delivery($0, to: "a") }))
    let actions = dispatcher.actions(after: .hold(["a"], token: 7))
    #expect(actions == [.release([2, 3].map(DeliveryID.init)), .held(token: 7)])
    // What ends is settled, and nothing follows it.
    #expect(dispatcher.actions(after: .finished(Made.finished(1, 200, of: "a"))) == [.delivered(1, to: "a")])
  }

  @Test func itTakesNothingAndAsksForNothingUntilItIsResumed() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .hold(["a"], token: 1))
    #expect(
      dispatcher.actions(after: .arrived([Made.delivery(4, to: "a")])) == [
        .release([DeliveryID(rawValue: 4)])
      ])
    #expect(
      dispatcher.actions(after: .promoted([Made.delivery(5, to: "a")])) == [
        .release([DeliveryID(rawValue: 5)])
      ])
    #expect(dispatcher.nextDeadline() == nil)
    let back = dispatcher.actions(after: .resume(["a"]))
    #expect(claims(back).map(\.kind) == [.fresh, .retrying])
  }

  @Test func aHoldWaitsForTheAnswersToClaims() {
    var dispatcher = Dispatcher()
    let asked = claims(dispatcher.actions(after: .configure([Made.destination("a"), Made.destination("b")])))
    #expect(asked.count == 4)
    #expect(dispatcher.actions(after: .hold(["a", "b"], token: 1)) == [])
    var told: [Dispatcher.Action] = []
    for (index, request) in asked.enumerated() {
      #expect(told == [])
      let found = [Made.delivery(Int64(index), to: request.destination)]
      let claim = Claim(
        destination: request.destination, kind: request.kind, deliveries: found, isExhausted: true)
      told = dispatcher.actions(after: .claimed(claim))
      #expect(told.first == .release(found.map(\.id)))
      told = Array(told.dropFirst())
    }
    #expect(told == [.held(token: 1)])
  }

  @Test func holdsNest() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    #expect(dispatcher.actions(after: .hold(["a"], token: 1)) == [.held(token: 1)])
    #expect(dispatcher.actions(after: .hold(["a"], token: 2)) == [.held(token: 2)])
    #expect(dispatcher.actions(after: .resume(["a"])) == [])
    #expect(claims(dispatcher.actions(after: .resume(["a"]))).count == 2)
    #expect(dispatcher.actions(after: .resume(["a"])) == [], "once too often")
  }

  @Test func aNameWithoutALaneIsAnsweredAndItsLaneBeginsHeld() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    #expect(dispatcher.actions(after: .hold(["new"], token: 3)) == [.held(token: 3)])
    let new = Made.destination("new")
    #expect(
      dispatcher.actions(after: .configure([Made.destination("a"), new])) == [
        .changeDestinations([new], removed: [])
      ])
    // Both kinds, of both queues: a replay may have queued something for it before.
    #expect(claims(dispatcher.actions(after: .resume(["new"]))).count == 4)
  }

  @Test func theOthersGoOn() {
    var dispatcher = Dispatcher.idle(Made.destination("a"), Made.destination("b"))
    _ = dispatcher.actions(after: .hold(["a"], token: 1))
    let delivery = Made.delivery(1, to: "b")
    #expect(dispatcher.actions(after: .arrived([delivery])) == [.attempt(delivery)])
  }

  @Test func aHoldIsAnsweredAlsoWhileDraining() {
    var dispatcher = Dispatcher.idle(Made.destination("a"))
    _ = dispatcher.actions(after: .drain)
    #expect(dispatcher.actions(after: .hold(["a"], token: 1)) == [.held(token: 1)])
  }

  @Test func aStoreThatWithheldAnswersMeanwhileIsAskedAtOnceAfterwards() throws {
    var dispatcher = Dispatcher()
    let asked = claims(dispatcher.actions(after: .configure([Made.destination("a")])))
    _ = dispatcher.actions(after: .hold(["a"], token: 1))
    for request in asked {
      let withheld = Claim(destination: "a", kind: request.kind, deliveries: [], isExhausted: false)
      _ = dispatcher.actions(after: .claimed(withheld))
    }
    #expect(claims(dispatcher.actions(after: .resume(["a"]))).count == 2)
  }
}

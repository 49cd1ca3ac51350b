import Testing

@testable import RelayCore

/// From when on a lane may start anything at all.
@Suite struct StartGateTests {
  private func gate(_ standing: Standing = Standing(), rate: Rate? = nil) -> StartGate {
    StartGate(standing: standing, rate: rate)
  }

  @Test func withNothingInTheWayItIsOpen() {
    #expect(gate().opensAt == .epoch)
  }

  @Test func itOpensWhenTheLastThingInTheWayIsOver() {
    var gate = gate(Standing(pausedUntil: .tick(110)), rate: Rate(count: 1, per: .seconds(300)))
    gate.advanceRate(to: .tick(100))
    #expect(gate.opensAt == .tick(110))
    gate.keepRetryAfter(.seconds(200), from: .tick(100))
    #expect(gate.opensAt == .tick(300))
    gate.started(events: 1)
    #expect(gate.opensAt == .tick(400))
    gate.change(to: nil)
    #expect(gate.opensAt == .tick(300))
    gate.endRetryAfter()
    #expect(gate.opensAt == .tick(110))
  }

  @Test func aPauseWithoutAnEndKeepsItShutUntilItIsLifted() {
    var gate = gate()
    gate.pause(until: .distantFuture)
    #expect(gate.opensAt == nil)
    gate.advance(to: .tick(1 << 40))
    #expect(gate.opensAt == nil)
    gate.pause(until: nil)
    #expect(gate.opensAt == .epoch)
  }

  @Test func aShorterRetryAfterDoesNotEndALongerOne() {
    var gate = gate()
    gate.keepRetryAfter(.seconds(30), from: .tick(100))
    gate.keepRetryAfter(.seconds(5), from: .tick(101))
    #expect(gate.retryAfterEnd(at: .tick(129)) == .tick(130))
    #expect(gate.retryAfterEnd(at: .tick(130)) == nil)
  }

  @Test func whatIsOverIsForgotten() {
    var gate = gate(Standing(pausedUntil: .tick(110)))
    gate.keepRetryAfter(.seconds(5), from: .tick(100))
    gate.advance(to: .tick(105))
    #expect(gate.standing.pausedUntil == .tick(110))
    #expect(gate.retryAfterEnd(at: .tick(1)) == nil)
    gate.advance(to: .tick(110))
    #expect(gate.standing.pausedUntil == nil)
    #expect(gate.opensAt == .epoch)
  }

  @Test func aPausesEndIsTheWallClocksAndMovesWithIt() {
    var gate = gate(Standing(pausedUntil: .tick(110)))
    gate.keepRetryAfter(.seconds(5), from: .tick(100))
    gate.wallClockStepped(by: .seconds(60))
    #expect(gate.standing.pausedUntil == .tick(50))
    #expect(gate.opensAt == .tick(105), "what the destination asked for does not")
  }
}

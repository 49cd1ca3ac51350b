import RelayCore
import Testing

@testable import RelayCurl

@Suite struct TokenStateTests {
  private let start = ContinuousClock.now
  private var state = TokenState()

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

  private mutating func ask(_ seconds: Double) -> (step: TokenState.Step, fetches: Bool) {
    state.ask(at: at(seconds))
  }

  private mutating func learn(_ value: String = "t", lifetime: Int = 600, asked seconds: Double) {
    state.learn(AccessToken(value: Secret(value), lifetime: .seconds(lifetime)), asked: at(seconds))
  }

  private mutating func refuse(_ version: Int, _ seconds: Double) -> Bool {
    state.refuse(version, at: at(seconds))
  }

  @Test mutating func theFirstAsksAndAllWait() {
    let first = ask(0)
    #expect(first.step == .wait(until: at(15)) && first.fetches)
    let second = ask(1)
    #expect(second.step == .wait(until: at(16)) && !second.fetches)
    learn(asked: 0)
    let third = ask(2)
    #expect(third.step == .go && !third.fetches && state.version == 1)
  }

  @Test mutating func itIsRenewedBeforeItsEndWhileItGoesOnBeingUsed() {
    _ = ask(0)
    learn(asked: 0)
    #expect(ask(539) == (.go, false))
    #expect(ask(540) == (.go, true))
    #expect(ask(541) == (.go, false))
    learn("u", asked: 540)
    #expect(state.token?.value == Secret("u") && ask(600) == (.go, false))
  }

  @Test mutating func aShortOneIsRenewedAFifthOfItsTimeBefore() {
    _ = ask(0)
    learn(lifetime: 10, asked: 0)
    #expect(ask(7.9) == (.go, false) && ask(8) == (.go, true))
  }

  @Test mutating func pastItsEndAllWait() {
    _ = ask(0)
    learn(asked: 0)
    #expect(ask(600).step == .wait(until: at(615)))
  }

  @Test mutating func aRenewalThatFailsIsHarmlessUntilTheEnd() {
    _ = ask(0)
    learn(asked: 0)
    #expect(ask(540) == (.go, true))
    #expect(state.fail("down", at: at(541)) == .harmless)
    // It is left alone for a while.
    #expect(ask(550) == (.go, false) && ask(551) == (.go, true))
    #expect(state.fail("down", at: at(552)) == .harmless)
    #expect(ask(601).fetches)
    #expect(state.fail("down", at: at(602)) == .fatal)
  }

  @Test mutating func aFailuresWordsCountForAMoment() {
    #expect(ask(0).fetches)
    #expect(state.fail("down", at: at(1)) == .fatal)
    #expect(ask(1.5) == (.fail("down"), false))
    let later = ask(2)
    #expect(later.fetches && later.step == .wait(until: at(17)))
  }

  @Test mutating func whoHasWaitedLongEnoughFailsAndTheRequestGoesOn() {
    _ = ask(0)
    #expect(state.overdue(since: at(0), at: at(14)) == .wait(until: at(15)))
    #expect(state.overdue(since: at(0), at: at(15)) == nil)
    #expect(!ask(100).fetches)
    // It may never end.
    #expect(ask(120).fetches && !ask(300).fetches)
    learn(asked: 0)
    #expect(state.overdue(since: at(0), at: at(301)) == .go)
  }

  @Test mutating func aRefusedOneIsReplacedOnceForAllWhoHadIt() {
    _ = ask(0)
    learn(asked: 0)
    for _ in 0..<3 { #expect(refuse(1, 100) == true) }
    let next = ask(100)
    #expect(next.step == .wait(until: at(115)) && next.fetches && !ask(101).fetches)
    learn("u", asked: 100)
    #expect(ask(102) == (.go, false))
    // One that was still under way with the old one.
    #expect(refuse(1, 103) == true && ask(103) == (.go, false))
  }

  @Test mutating func aDestinationThatRefusesAllIsNotAskedForEachOfThem() {
    _ = ask(0)
    learn(asked: 0)
    #expect(refuse(1, 1) == true)
    _ = ask(1)
    learn("u", asked: 1)
    #expect(refuse(2, 60) == false && ask(60) == (.go, false))
    #expect(refuse(2, 61) == true)
  }
}

private func == (a: (step: TokenState.Step, fetches: Bool), b: (TokenState.Step, Bool)) -> Bool {
  a.step == b.0 && a.fetches == b.1
}

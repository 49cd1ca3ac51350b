import RelayCore
import Testing

@testable import RelayCurl

@Suite struct ResolvedNameTests {
  private let start = ContinuousClock.now

  private func at(_ seconds: Double) -> ContinuousClock.Instant {
    start.advanced(by: .milliseconds(Int(seconds * 1_000)))
  }

  /// A name that was learned at 0.
  private func known() -> ResolvedName {
    var name = ResolvedName()
    name.learn(["192.0.2.1"], at: start)
    return name
  }

  @Test func anUnknownNameIsLookedUpOnceAndAllWaitForIt() {
    var name = ResolvedName()
    #expect(name.ask(at: at(0)) == (.wait(until: at(30)), true))
    #expect(name.ask(at: at(2)) == (.wait(until: at(32)), false))
    name.learn(["192.0.2.1"], at: at(7))
    #expect(name.ask(at: at(7)) == (.go, false))
  }

  @Test func aLookUpThatNeverEndsIsNotTheLastOne() {
    var name = ResolvedName()
    #expect(name.ask(at: at(0)).looksUp)
    #expect(!name.ask(at: at(119)).looksUp)
    #expect(name.ask(at: at(120)).looksUp)
    // Two threads at most hang for one name.
    #expect(!name.ask(at: at(500)).looksUp)
    name.learn(["192.0.2.1"], at: at(501))
    #expect(name.ask(at: at(501)) == (.go, false))
    // The first one hangs still.
    #expect(name.isBeingLookedUp)
    #expect(name.ask(at: at(700)).looksUp)
  }

  @Test func anAnswerThatComesAfterAllHaveGivenUpIsKept() {
    var name = ResolvedName()
    _ = name.ask(at: at(0))
    #expect(name.overdue(since: at(0), at: at(30)) == nil)
    name.learn(["192.0.2.1"], at: at(41))
    #expect(name.ask(at: at(42)) == (.go, false))
    #expect(name.addresses == ["192.0.2.1"])
  }

  @Test func aFreshAnswerAsksNobody() {
    var name = known()
    #expect(name.ask(at: at(49.9)) == (.go, false))
  }

  @Test func anOldAnswerIsUsedWhileItIsRefreshed() {
    var name = known()
    #expect(name.ask(at: at(50)) == (.go, true))
    #expect(name.ask(at: at(55)) == (.go, false))
  }

  @Test func anOlderAnswerWaitsAMomentForTheNewOne() {
    var name = known()
    #expect(name.ask(at: at(300)) == (.wait(until: at(301)), true))
    #expect(name.ask(at: at(300.5)) == (.wait(until: at(301)), false))
    #expect(name.ask(at: at(301)) == (.go, false))
    #expect(name.overdue(since: at(300), at: at(301)) == .go)
  }

  @Test func whereNameServersFailTheOldAnswerCountsForAnHour() {
    var name = known()
    for minute in 1..<60 {
      let now = at(Double(minute) * 60)
      _ = name.ask(at: now)
      #expect(name.fail(isCertain: false, at: now) == .harmless)
      // They are left alone for a while, and no attempt waits for them.
      #expect(name.ask(at: now.advanced(by: .seconds(9))) == (.go, false))
    }
    #expect(name.ask(at: at(3_600)) == (.wait(until: at(3_630)), true))
    #expect(name.fail(isCertain: false, at: at(3_601)) == .fatal)
  }

  @Test func thatANameIsGoneIsBelievedAtOnce() {
    var name = known()
    _ = name.ask(at: at(55))
    #expect(name.fail(isCertain: true, at: at(55)) == .fatal)
    #expect(name.ask(at: at(56)) == (.wait(until: at(86)), true))
  }

  @Test func onlyOtherAddressesAreAnotherVersion() {
    var name = known()
    let version = name.version
    name.learn(["192.0.2.1"], at: at(60))
    #expect(name.version == version)
    name.learn(["192.0.2.2", "192.0.2.1"], at: at(120))
    #expect(name.version == version + 1)
  }
}

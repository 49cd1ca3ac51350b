import Testing

@testable import RelayCore

/// What outlasts a lane.
@Suite struct StandingTests {
  @Test func aLaneTakesOverWhatWasKeptAndNothingIsLeft() {
    var absent = AbsentStandings()
    let standing = Standing(pausedUntil: .distantFuture, suspended: SuspendedTime(ended: .seconds(7)))
    #expect(
      absent.keep(standing, of: "a", at: .tick(100)) == SuspendedTime(ended: .seconds(7), since: .tick(100)))
    #expect(absent.take("a").suspended == SuspendedTime(ended: .seconds(7), since: .tick(100)))
    #expect(absent.take("a") == Standing())
  }

  @Test func withoutALaneOnlyAPauseSuspends() {
    var absent = AbsentStandings()
    let open = Standing(suspended: SuspendedTime(ended: .seconds(7), since: .tick(90)))
    #expect(absent.keep(open, of: "a", at: .tick(100)) == SuspendedTime(ended: .seconds(17)))
    #expect(absent.pause("a", until: nil, at: .tick(110)) == nil, "nothing changes")
    #expect(
      absent.pause("a", until: .tick(150), at: .tick(120))
        == SuspendedTime(ended: .seconds(17), since: .tick(120)))
    #expect(absent.pause("a", until: nil, at: .tick(130)) == SuspendedTime(ended: .seconds(27)))
  }

  @Test func aPausesEndMovesWithTheWallClock() {
    var absent = AbsentStandings()
    _ = absent.pause("a", until: .tick(150), at: .tick(100))
    _ = absent.pause("b", until: .distantFuture, at: .tick(100))
    absent.wallClockStepped(by: .seconds(-20))
    #expect(absent.take("a").pausedUntil == .tick(170))
    #expect(absent.take("b").pausedUntil == .distantFuture)
  }
}

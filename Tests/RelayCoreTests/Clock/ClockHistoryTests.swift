import RelayTestSupport
import Testing

@testable import RelayCore

/// What the wall clock showed, and when it showed a time.
@Suite struct ClockHistoryTests {
  private func history(_ steps: (Int64, Int)...) -> ClockHistory {
    ClockHistory(steps.map { ClockHistory.Step(from: .tick($0), offset: .seconds($1)) })
  }

  @Test func eachTimeIsShownAsTheClockShowedItThenAndLaterOnesAsItWill() {
    let history = history((100, 0), (200, 3_600), (300, -50))
    for (steady, wall) in [(50, 50), (199, 199), (200, 3_800), (299, 3_899), (300, 250), (9_999, 9_949)] {
      #expect(history.wall(at: .tick(Int64(steady))) == .tick(Int64(wall)))
    }
    #expect(ClockHistory().wall(at: .tick(7)) == .tick(7))
  }

  @Test func aMomentIsFoundByWhatTheClockShowed() {
    let history = history((0, 0), (100, -40))
    // It showed 60 to 100 twice.
    #expect(history.firstMoment(from: .tick(70)) == .tick(70))
    #expect(history.lastMoment(before: .tick(70)) == .tick(110))
    #expect(history.firstMoment(from: .tick(100)) == .tick(140))
    #expect(history.lastMoment(before: .tick(50)) == .tick(50))
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func noMomentThatShowedItLiesOutside(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var history = ClockHistory([ClockHistory.Step(from: .tick(0), offset: .zero)])
    for place in 1..<(2 + random.below(6)) {
      history.add(
        ClockHistory.Step(
          from: .tick(Int64(place * 100 + random.below(90))), offset: .seconds(random.below(800) - 400)))
    }
    for wall in stride(from: -400, to: 1_400, by: 17) {
      let time = Timestamp.tick(Int64(wall))
      let (first, last) = (history.firstMoment(from: time), history.lastMoment(before: time))
      for second in 0..<1_000 {
        let steady = Timestamp.tick(Int64(second))
        if history.wall(at: steady) >= time { #expect(steady >= first) } else { #expect(steady <= last) }
      }
    }
  }

  @Test func aClockThatIsSetAgainAndAgainFillsNoMemory() {
    var history = ClockHistory()
    for place in 0..<3_000 {
      history.add(ClockHistory.Step(from: .tick(Int64(place)), offset: .seconds(place % 2)))
    }
    #expect(history.steps.count == ClockHistory.maxSteps)
    #expect(history.wall(at: .tick(2_999)) == .tick(3_000))
  }
}

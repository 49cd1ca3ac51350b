import Testing

@testable import RelayCore

@Suite struct PaceTests {
  /// One delivery every `gap` milliseconds.
  private func pace(from start: Int64, to end: Int64, gap: Int64, _ pace: Pace = Pace()) -> Pace {
    var pace = pace
    for time in stride(from: start, to: end, by: Int64.Stride(gap)) { pace.add(at: .millisecond(time)) }
    return pace
  }

  @Test func nothingSettledIsNoPace() {
    #expect(Pace().perSecond(at: .tick(5)) == nil)
    #expect(Pace().perSecond(at: .tick(1_800_000_000)) == nil)
  }

  @Test(arguments: [1_000, 5_000, 14_000, 16_000, 29_000, 31_000, 44_000, 46_000, 100_000] as [Int64])
  func aSteadyPaceIsToldAtAnyTime(after milliseconds: Int64) throws {
    let start: Int64 = 1_000_000
    let pace = pace(from: start, to: start + milliseconds, gap: 20)
    let perSecond = try #require(pace.perSecond(at: .millisecond(start + milliseconds)))
    #expect(abs(perSecond - 50) < 1, "\(perSecond)")
  }

  @Test func anotherPaceIsToldHalfAMinuteLater() throws {
    let slow = pace(from: 1_000_000, to: 1_060_000, gap: 1_000)
    let fast = pace(from: 1_060_000, to: 1_091_000, gap: 10, slow)
    let perSecond = try #require(fast.perSecond(at: .millisecond(1_091_000)))
    #expect(abs(perSecond - 100) < 1, "\(perSecond)")
  }

  @Test func aPaceIsForgottenHalfAMinuteAfterItEnded() {
    let pace = pace(from: 1_000_000, to: 1_010_000, gap: 100)
    #expect(pace.perSecond(at: .millisecond(1_020_000)) == 5)
    #expect(pace.perSecond(at: .millisecond(1_030_000)) == nil)
  }

  @Test func aRestIsNoPartOfThePace() {
    let before = pace(from: 1_000_000, to: 1_010_000, gap: 100)
    let after = pace(from: 5_000_000, to: 5_002_000, gap: 10, before)
    #expect(after.perSecond(at: .millisecond(5_002_000)) == 100)
  }

  @Test func aMomentIsTakenForASecond() {
    #expect(pace(from: 1_000_000, to: 1_000_003, gap: 1).perSecond(at: .millisecond(1_000_003)) == 3)
  }

  @Test func aClockThatGoesBackStartsAnew() {
    let pace = pace(from: 10_000, to: 12_000, gap: 10, pace(from: 1_000_000, to: 1_010_000, gap: 100))
    #expect(pace.perSecond(at: .millisecond(12_000)) == 100)
  }
}

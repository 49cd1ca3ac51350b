import Testing

@testable import RelayPostgres

struct SizeGuardTests {
  @Test func daysGoFrom92PercentOnDownTo90() {
    var size = SizeGuard()
    for (bytes, isShrinking) in [(920, false), (921, true), (901, true), (900, false), (915, false)] {
      size.measured(bytes, of: 1_000)
      #expect(size.isShrinking == isShrinking)
    }
  }

  @Test func onceNothingMayGoTheLimitHoldsUntilBelow98Percent() {
    var size = SizeGuard()
    size.measured(999, of: 1_000)
    size.allIsGone(999, of: 1_000)
    #expect(size.refusal == nil)
    size.allIsGone(1_000, of: 1_000)
    #expect(size.refusal?.code == .full)
    size.measured(980, of: 1_000)
    #expect(size.refusal?.code == .full)
    size.measured(979, of: 1_000)
    #expect(size.refusal == nil)
  }
}

import RelayCore
import Testing

/// The relay's clock against its destinations'.
@Suite struct ClockComparisonTests {
  @Test func oneDestinationIsBelieved() {
    var comparison = ClockComparison()
    #expect(comparison.offset == nil)
    #expect(comparison.compare(.seconds(60), of: "a") == nil)
    #expect(comparison.compare(.seconds(61), of: "a") == .off(.seconds(61)))
    #expect(comparison.compare(.seconds(3_600), of: "a") == nil)
    #expect(comparison.offset == .seconds(3_600))
    #expect(comparison.compare(.zero, of: "a") == .right)
    #expect(comparison.compare(.seconds(-61), of: "a") == .off(.seconds(-61)))
  }

  @Test func theMostAreBelievedAndAnotherOnesClockIsItsOwn() {
    var comparison = ClockComparison()
    for name in ["a", "b"] { #expect(comparison.compare(.seconds(1), of: name) == nil) }
    #expect(comparison.compare(.seconds(900), of: "c") == .destinationOff("c", .seconds(900)))
    #expect(comparison.compare(.seconds(901), of: "c") == nil)
    #expect(comparison.offset == .seconds(1))
    #expect(comparison.compare(.zero, of: "c") == .destinationRight("c"))
  }

  @Test func ofTwoThatDifferTheNearerOneIsBelieved() {
    var comparison = ClockComparison()
    _ = comparison.compare(.seconds(-900), of: "a")
    #expect(comparison.compare(.seconds(2), of: "b") == .right)
    #expect(comparison.offset == .seconds(2))
  }

  @Test func aStepOfTheWallClockIsTakenIntoAccountAtOnce() {
    var comparison = ClockComparison()
    _ = comparison.compare(.seconds(-300), of: "a")
    comparison.stepped(by: .seconds(300))
    #expect(comparison.offset == .zero)
  }

  @Test func aDestinationThatIsNoLongerConfiguredIsForgotten() {
    var comparison = ClockComparison()
    _ = comparison.compare(.seconds(300), of: "a")
    _ = comparison.compare(.seconds(5), of: "b")
    comparison.keep(only: ["a"])
    #expect(comparison.offset == .seconds(300))
  }

  /// An answer is dated at some time during the attempt, in whole seconds.
  @Test(arguments: [
    (100, 100, 130, 0), (130, 100, 130, 0), (99, 100, 130, 0), (98, 100, 130, 1), (40, 100, 130, 59),
    (131, 100, 130, -1), (430, 100, 130, -300),
  ])
  func onlyWhatNoDelayExplainsIsADifference(date: Int, start: Int, end: Int, offset: Int) {
    #expect(
      ClockComparison.offset(
        ofAnswerDated: .tick(Int64(date)), from: .tick(Int64(start)), to: .tick(Int64(end)))
        == .seconds(offset))
  }
}

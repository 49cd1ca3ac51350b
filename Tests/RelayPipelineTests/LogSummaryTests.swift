import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct LogSummaryTests {
  @Test func manyAlikeAreSummedUp() {
    var summary = LogSummary(interval: .seconds(10))
    let start = Timestamp(microseconds: 1_000_000)
    #expect(summary.admit("a", at: start) == 0)
    for second in 1..<10 { #expect(summary.admit("a", at: start.advanced(by: .seconds(second))) == nil) }
    #expect(summary.admit("b", at: start) == 0)
    #expect(summary.admit("a", at: start.advanced(by: .seconds(10))) == 9)
    #expect(summary.admit("a", at: start.advanced(by: .seconds(11))) == nil)
  }

  @Test func kindsChosenBySendersDoNotFillTheMemory() {
    var summary = LogSummary()
    for number in 0..<5_000 { #expect(summary.admit("kind \(number)", at: .epoch) == 0) }
  }

  @Test func manyKindsPushOutTheOldestAndNotThatWhichStillComes() {
    var summary = LogSummary(interval: .seconds(10))
    let start = Timestamp(microseconds: 1_000_000)
    for number in 0..<500 { #expect(summary.admit("kind \(number)", at: start) == 0) }
    let later = start.advanced(by: .seconds(1))
    #expect(summary.admit("real", at: later) == 0)
    for number in 500..<1_523 { #expect(summary.admit("kind \(number)", at: later) == 0) }
    #expect(summary.admit("real", at: later) == nil, "it is still known")
    #expect(summary.admit("kind 0", at: later) == 0, "the oldest is not")
  }
}

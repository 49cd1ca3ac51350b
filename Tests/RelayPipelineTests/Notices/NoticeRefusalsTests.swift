import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct NoticeRefusalsTests {
  private let key = NoticeSamples.key(.refused, .source("huggy"))
  private var refusals = NoticeRefusals()

  private mutating func look(
    _ second: Int, unauthorized: Int = 0, tooLarge: Int = 0, unavailable: Int = 0, accepted: Int = 0
  ) -> NoticeState? {
    let count = SourceCounts(
      unauthorized: unauthorized, tooLarge: tooLarge, unavailable: unavailable, accepted: accepted)
    return refusals.look(["huggy": count], at: .second(second))[key]
  }

  @Test mutating func howLongItLastsIsWhatTheRefusalsCover() {
    #expect(look(0) == .off)
    #expect(look(10, unauthorized: 1)?.lasted == .zero)
    #expect(look(600, unauthorized: 1)?.lasted == .zero)
    let state = look(610, unauthorized: 2)
    #expect(state?.lasted == .seconds(600) && state?.since == .second(10))
  }

  @Test mutating func oneStrangerWithAWrongTokenIsNeverTold() {
    var time = RuledTime()
    _ = time.look(0, [key: look(0)!])
    for minute in 1...300 {
      // Once in two hours.
      let state = look(minute * 60, unauthorized: 1 + minute / 120)!
      #expect(time.look(minute * 60, [key: state]) == [])
    }
  }

  @Test mutating func aQuarterOfAnHourOfServiceEndsIt() {
    _ = look(0)
    _ = look(10, unauthorized: 1)
    _ = look(400, unauthorized: 2)
    #expect(look(1_299, unauthorized: 2, accepted: 5)?.standing == .on)
    #expect(look(1_300, unauthorized: 2, accepted: 5)?.standing == .off)
  }

  @Test mutating func whoComesNoMoreHasEndedAfterAnHour() {
    _ = look(0)
    _ = look(10, tooLarge: 1)
    #expect(look(3_609, tooLarge: 1)?.standing == .on)
    #expect(look(3_610, tooLarge: 1)?.standing == .off)
  }

  /// One of several accounts has a new token: the others are served.
  @Test mutating func itGoesOnWhileOthersAreAccepted() {
    _ = look(0)
    var accepted = 0
    for minute in 1...60 {
      accepted += 10
      let state = look(minute * 60, unauthorized: minute / 5, accepted: accepted)
      if minute >= 5 { #expect(state?.standing == .on, "minute \(minute)") }
    }
  }

  @Test mutating func itSaysWhatTheRefusalsWereAnswered() {
    _ = look(0, unauthorized: 5)
    let state = look(1, unauthorized: 7, tooLarge: 1, unavailable: 3)
    #expect(state?.detail == "2 answered 401, 1 answered 413, 3 answered 503")
  }

  @Test mutating func afterARestartItGoesOnUntilItIsSeenToHaveEnded() {
    refusals = NoticeRefusals(kept: [:], open: ["huggy"], at: .second(0))
    #expect(look(5)?.standing == .on)
    #expect(look(899, accepted: 1)?.standing == .on)
    #expect(look(900, accepted: 1)?.standing == .off)
  }

  @Test mutating func aRunGoesOnAfterARestartThatTookNotLong() {
    func begun(_ first: Int, _ last: Int) -> NoticeRefusals {
      NoticeRefusals(
        kept: ["huggy": .init(first: .second(first), last: .second(last))], open: [], at: .second(0))
    }
    refusals = begun(-300, -100)
    #expect(look(5)?.lasted == .seconds(200))
    #expect(look(10, unauthorized: 1)?.lasted == .seconds(310))
    #expect(refusals.kept == ["huggy": .init(first: .second(-300), last: .second(10))])
    refusals = begun(-3_000, -900)
    #expect(look(5)?.standing == .off, "while it did not run nobody was refused, and nobody served")
    refusals = begun(-300, -100)
    #expect(look(800, accepted: 1)?.standing == .off)
  }

  @Test mutating func whatWasToldIsNotOverBecauseTheRelayDidNotRun() {
    refusals = NoticeRefusals(
      kept: ["huggy": .init(first: .second(-9_000), last: .second(-8_000))], open: ["huggy"], at: .second(0))
    #expect(look(5)?.since == .second(-9_000))
    #expect(look(900, accepted: 1)?.standing == .off)
  }
}

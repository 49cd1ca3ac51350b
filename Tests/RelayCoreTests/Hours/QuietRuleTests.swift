import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct QuietRuleTests {
  typealias Span = ServiceHours.Span

  /// Monday to Friday, 08:00 to 12:00 and 13:00 to 20:00, at UTC-3, with a day off.
  private static func office(_ limit: Duration = .seconds(1_800)) throws -> QuietRule {
    QuietRule(
      limit: limit,
      hours: ServiceHours(
        weekdays: [.mon, .tue, .wed, .thu, .fri],
        spans: [Span(begin: 480, end: 720), Span(begin: 780, end: 1_200)], zone: try ZoneFiles.made("<-03>3"),
        daysOff: [try #require(ServiceHours.Day(year: 2026, month: 12, day: 25))]))
  }

  /// - Parameter text: `2026-12-21 08:00` by clocks at UTC-3; that day is a Monday.
  private func time(_ text: String) throws -> Timestamp {
    let numbers = text.split { "- :".contains($0) }.compactMap { Int($0) }
    let day = try #require(ServiceHours.Day(year: numbers[0], month: numbers[1], day: numbers[2]))
    return .tick(day.number * 86_400 + Int64(numbers[3] * 3_600 + numbers[4] * 60) + 3 * 3_600)
  }

  @Test func withoutHoursAllTimeCounts() {
    let rule = QuietRule(limit: .seconds(60))
    #expect(rule.deadline(after: .tick(100), history: ClockHistory()) == .tick(160))
  }

  @Test(arguments: [
    // In the middle of the hours.
    ("2026-12-21 09:00", "2026-12-21 09:30"),
    // Up to their last minute.
    ("2026-12-21 11:30", "2026-12-21 12:00"),
    // The break at noon, the night, the week's end and the day off: the hours' next beginning counts anew.
    ("2026-12-21 11:31", "2026-12-21 13:30"), ("2026-12-21 12:20", "2026-12-21 13:30"),
    ("2026-12-21 19:45", "2026-12-22 08:30"), ("2026-12-18 19:45", "2026-12-21 08:30"),
    ("2026-12-24 19:31", "2026-12-28 08:30"), ("2026-12-25 10:00", "2026-12-28 08:30"),
    ("2026-12-20 03:00", "2026-12-21 08:30"),
  ])
  func onlyTheHoursCountAndTheirBeginningCountsAnew(last: String, deadline: String) throws {
    let found = try Self.office().deadline(after: try time(last), history: ClockHistory())
    #expect(try found == time(deadline))
  }

  @Test func daysThatFollowWithoutABreakAreOne() throws {
    let days = ServiceHours(weekdays: [.mon, .tue, .wed, .thu, .fri], zone: try ZoneFiles.made("<-03>3"))
    let rule = QuietRule(limit: .seconds(36 * 3_600), hours: days)
    #expect(
      try rule.deadline(after: time("2026-12-21 20:00"), history: ClockHistory()) == time("2026-12-23 08:00"))
    #expect(
      try rule.deadline(after: time("2026-12-25 20:00"), history: ClockHistory()) == time("2026-12-29 12:00"))
  }

  @Test func aSpanOverMidnightBelongsToTheDayOnWhichItBegins() throws {
    let night = ServiceHours(
      weekdays: [.fri], spans: [Span(begin: 1_320, end: 360)], zone: try ZoneFiles.made("<-03>3"))
    let rule = QuietRule(limit: .seconds(3_600), hours: night)
    // 18 December 2026 is a Friday.
    #expect(
      try rule.deadline(after: time("2026-12-18 23:30"), history: ClockHistory()) == time("2026-12-19 00:30"))
    #expect(
      try rule.deadline(after: time("2026-12-19 05:30"), history: ClockHistory()) == time("2026-12-25 23:00"))
    #expect(
      try rule.deadline(after: time("2026-12-17 23:30"), history: ClockHistory()) == time("2026-12-18 23:00"))
  }

  /// Broken by hours that are counted instead of moments: the night of the change is one shorter, or one longer.
  @Test func aNightInWhichTheClocksAreSetIsAsLongAsItIs() throws {
    let zone = try ZoneFiles.made("EST5EDT,M3.2.0,M11.1.0")
    func deadline(_ month: Int, _ day: Int) throws -> Int64? {
      let rule = QuietRule(
        limit: .seconds(5 * 3_600), hours: ServiceHours(spans: [Span(begin: 0, end: 360)], zone: zone))
      let midnight = try #require(ServiceHours.Day(year: 2026, month: month, day: day)).number * 86_400
      let begin = zone.moments(showing: midnight).lowerBound
      return rule.deadline(after: .tick(begin), history: ClockHistory()).map { ($0.seconds - begin) / 3_600 }
    }
    #expect(try deadline(3, 7) == 5)
    #expect(try deadline(3, 8) == 5, "23 hours has the day, and 5 of them are up to 06:00")
    #expect(try deadline(11, 1) == 5)
    let long = QuietRule(
      limit: .seconds(6 * 3_600), hours: ServiceHours(spans: [Span(begin: 0, end: 360)], zone: zone))
    let march = zone.moments(
      showing: try #require(ServiceHours.Day(year: 2026, month: 3, day: 8)).number * 86_400)
    #expect(
      long.deadline(after: .tick(march.lowerBound), history: ClockHistory())
        == .tick(march.lowerBound + 23 * 3_600 + 6 * 3_600), "only the next night has six hours")
  }

  @Test func whileTheRelayDidNotRunNothingCounts() throws {
    let rule = try Self.office()
    let down = try time("2026-12-21 09:10")..<time("2026-12-21 09:50")
    #expect(
      try rule.deadline(after: time("2026-12-21 09:00"), history: ClockHistory(), deaf: [down])
        == time("2026-12-21 10:10"))
    let always = QuietRule(limit: .seconds(1_800))
    #expect(
      try always.deadline(after: time("2026-12-21 09:20"), history: ClockHistory(), deaf: [down])
        == time("2026-12-21 10:20"),
      "it was down when the last one is said to have come: what comes after counts")
    #expect(
      try always.deadline(after: time("2026-12-21 08:00"), history: ClockHistory(), deaf: [down])
        == time("2026-12-21 08:30"), "it was silent already")
  }

  @Test func aStepOfTheWallClockMakesNobodySilent() throws {
    let rule = try Self.office()
    let last = try time("2026-12-21 09:00")
    let step = last.advanced(by: .seconds(600))
    func deadline(_ offset: Int) -> Duration? {
      let history = ClockHistory([
        .init(from: .epoch, offset: .zero), .init(from: step, offset: .seconds(offset)),
      ])
      return rule.deadline(after: last, history: history).map { last.duration(to: $0) }
    }
    #expect(deadline(3_600) == .seconds(1_800), "forward, within the hours: as much must pass as before")
    #expect(deadline(-600) == .seconds(1_800), "back")
    #expect(deadline(86_400) == .seconds(1_800), "to the same time of the next day")
    #expect(
      deadline(3 * 3_600) == .seconds(600 + 50 * 60 + 1_800), "to 12:10: the count begins anew at 13:00")
  }

  /// Minute by minute, as a person would count.
  @Test(arguments: 1...40 as ClosedRange<UInt64>) func itIsWhatIsCountedMinuteByMinute(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let zone = try ZoneFiles.made(
      ["UTC0", "<-03>3", "<+0545>-5:45", "EST5EDT,M3.2.0,M11.1.0"].randomElement(using: &random)!)
    let weekdays = ServiceHours.Weekday.allCases.filter { _ in Bool.random(using: &random) }
    let noon = Int.random(in: 600...840, using: &random)
    let spans =
      [Span(begin: Int.random(in: 240...500, using: &random), end: noon)]
      + (Bool.random(using: &random)
        ? [Span(begin: noon + 30, end: Int.random(in: 900...1_440, using: &random))] : [])
    let firstDay: Int64 = 20_520 + Int64.random(in: 0..<400, using: &random)
    let hours = ServiceHours(weekdays: weekdays.isEmpty ? [.sun] : weekdays, spans: spans, zone: zone)
    let rule = QuietRule(limit: .seconds(60 * Int.random(in: 5...60, using: &random)), hours: hours)
    let last = Timestamp.tick(firstDay * 86_400 + Int64.random(in: 0..<1_440, using: &random) * 60)
    let step = last.advanced(by: .seconds(60 * Int64.random(in: 0..<2_000, using: &random)))
    let history = ClockHistory([
      .init(from: .epoch, offset: .zero),
      .init(from: step, offset: .seconds(60 * Int64.random(in: -3_000...3_000, using: &random))),
    ])
    let deafFrom = last.advanced(by: .seconds(60 * Int64.random(in: 0..<600, using: &random)))
    let deaf = deafFrom..<deafFrom.advanced(by: .seconds(1_200))
    let expected = counted(rule, hours, from: last, history, deaf)
    #expect(rule.deadline(after: last, history: history, deaf: [deaf]) == expected)
  }

  private func counted(
    _ rule: QuietRule, _ hours: ServiceHours, from last: Timestamp, _ history: ClockHistory,
    _ deaf: Range<Timestamp>
  ) -> Timestamp? {
    var (now, count) = (last, 0)
    let limit = Int(rule.limit.components.seconds / 60)
    for _ in 0..<60 * 24 * 40 {
      let wall = history.wall(at: now).seconds
      let local = wall + hours.zone.offset(at: wall)
      let day = local.flooredDivision(by: 86_400)
      let minute = Int(day.remainder / 60)
      let weekday = Int((day.quotient + 3).flooredDivision(by: 7).remainder)
      let isOpen =
        hours.weekdays.contains { $0.rawValue == weekday }
        && hours.spans.contains { ($0.begin..<$0.end).contains(minute) }
      if !isOpen { count = 0 } else if !deaf.contains(now) { count += 1 }
      now = now.advanced(by: .seconds(60))
      if count == limit { return now }
    }
    return nil
  }

  @Test func theLongestTimeWithoutABreakIsKnown() throws {
    func longest(_ weekdays: [ServiceHours.Weekday], _ spans: Span...) -> Duration? {
      ServiceHours(weekdays: weekdays, spans: spans).longest
    }
    let all = ServiceHours.Weekday.allCases
    #expect(longest(all, .day) == nil)
    #expect(longest(all, Span(begin: 480, end: 480)) == nil)
    #expect(longest(all, Span(begin: 480, end: 720), Span(begin: 780, end: 1_200)) == .seconds(7 * 3_600))
    #expect(longest([.mon, .tue, .sat, .sun], .day) == .seconds(4 * 86_400))
    #expect(longest([.mon], Span(begin: 1_200, end: 360)) == .seconds(10 * 3_600))
  }
}

import RelayCore
import Testing

@Suite struct TimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_000, "1970-01-01T00:00:00.001Z"), (999, "1970-01-01T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"), (-1_000, "1969-12-31T23:59:59.999Z"),
      (-1_001, "1969-12-31T23:59:59.998Z"), (-2_208_988_800_000_000, "1900-01-01T00:00:00.000Z"),
      (-2_203_891_200_000_000, "1900-03-01T00:00:00.000Z"),
      (-2_203_891_200_000_001, "1900-02-28T23:59:59.999Z"),
      (951_782_400_000_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000_000, "2000-03-01T00:00:00.000Z"),
      (1_709_164_800_000_000, "2024-02-29T00:00:00.000Z"),
      (1_709_251_199_999_999, "2024-02-29T23:59:59.999Z"),
      (1_767_225_599_999_999, "2025-12-31T23:59:59.999Z"),
      (1_767_225_600_000_000, "2026-01-01T00:00:00.000Z"),
      (1_772_323_200_000_000, "2026-03-01T00:00:00.000Z"),
      (1_767_323_045_678_000, "2026-01-02T03:04:05.678Z"),
      (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
      (4_107_542_399_000_000, "2100-02-28T23:59:59.000Z"),
      (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func itReadsAsRFC3339(microseconds: Int64, expected: String) {
    #expect(Timestamp(microseconds: microseconds).description == expected)
  }

  @Test func everyDayOfFortyYearsFollowsTheOneBefore() {
    func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    var (year, month, day) = (1970, 1, 1)
    for number in 0..<14_610 {
      let text = Timestamp(microseconds: Int64(number) * 86_400_000_000).description
      guard text.hasPrefix("\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)T") else {
        Issue.record("day \(number) is \(text), not \(year)-\(month)-\(day)")
        return
      }
      let days = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
      day += 1
      if day > days { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
    #expect((year, month, day) == (2010, 1, 1))
  }

  @Test(
    arguments: [
      (1_999_999, 1_999, 1), (-1, -1, -1), (-1_000, -1, -1), (-1_000_000, -1_000, -1),
      (-1_000_001, -1_001, -2),
      (0, 0, 0),
    ] as [(Int64, Int64, Int64)])
  func coarserUnitsAreRoundedDown(microseconds: Int64, milliseconds: Int64, seconds: Int64) {
    let time = Timestamp(microseconds: microseconds)
    #expect(time.milliseconds == milliseconds)
    #expect(time.seconds == seconds)
  }

  @Test func advancingEndsInTheDistantFuture() {
    let time = Timestamp(microseconds: 5)
    #expect(time.advanced(by: .seconds(1)) == Timestamp(microseconds: 1_000_005))
    #expect(time.advanced(by: .microseconds(-6)) == Timestamp(microseconds: -1))
    #expect(time.advanced(by: .seconds(Int64.max)) == .distantFuture)
    #expect(time.duration(to: time.advanced(by: .milliseconds(7))) == .milliseconds(7))
    #expect(Timestamp.epoch < time && !(time < time))
  }

  /// Broken at the border of the two ways in which it is counted.
  @Test func aDurationInMicrosecondsIsRoundedTowardZero() {
    let border = Int128(UInt64.max)
    let hour: Int128 = 3_600_000_000_000_000_000_000
    let lengths: [Int128] = [0, 1, border - 1, border, border + 1, 2 * border, hour]
    for attoseconds in lengths {
      for signed in [attoseconds, -attoseconds] {
        #expect(Duration(attoseconds: signed).microseconds == Int64(signed / 1_000_000_000_000))
      }
    }
    #expect(Duration.seconds(Int64.max).microseconds == .max)
  }

  @Test func durationsBecomeWholeUnits() {
    #expect(Duration.milliseconds(1_500).microseconds == 1_500_000)
    #expect(Duration.nanoseconds(1_999).microseconds == 1)
    #expect(Duration.nanoseconds(-1_999).microseconds == -1)
    #expect(Duration.seconds(Int64.max).microseconds == .max)
    #expect(Duration.seconds(9_223_372_036_854.9).microseconds == .max)
    #expect(Duration.microseconds(1).millisecondsRoundedUp == 1)
    #expect(Duration.milliseconds(3).millisecondsRoundedUp == 3)
    #expect(Duration.zero.millisecondsRoundedUp == 0)
    #expect(Duration.milliseconds(2_500).inSeconds == 2.5)
  }
}

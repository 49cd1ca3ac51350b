import Testing

@testable import RelayCore

@Suite struct HTTPDateTests {
  /// 2026-11-28T20:00:00Z
  private let now = Timestamp(microseconds: 1_795_896_000_000_000)

  private func seconds(_ text: String) -> Int64? { HTTPDate.timestamp(text, now: now)?.seconds }

  /// The three of RFC 9110, 5.6.7.
  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
  ])
  func eachFormIsRead(_ text: String) {
    #expect(seconds(text) == 784_111_777)
  }

  @Test(arguments: [
    ("Thu, 01 Jan 1970 00:00:00 GMT", Int64(0)), ("Sat, 28 Nov 2026 20:00:00 GMT", 1_795_896_000),
    ("Tue, 29 Feb 2028 23:59:60 GMT", 1_835_481_600), ("Fri Dec 31 23:59:59 9999", 253_402_300_799),
  ])
  func theMomentIsRight(_ text: String, _ expected: Int64) {
    #expect(seconds(text) == expected)
  }

  @Test func aYearOfTwoDigitsIsWithinFiftyYearsOrPast() {
    #expect(seconds("Friday, 01-Jan-76 00:00:00 GMT") == 3_345_062_400)
    #expect(seconds("Saturday, 01-Jan-77 00:00:00 GMT") == 220_924_800)
  }

  @Test func everyDayOfFourCenturiesIsItself() {
    var day = Timestamp(microseconds: -2_208_988_800_000_000)
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    for _ in 0..<146_097 {
      let date = CivilDate(daysSinceEpoch: day.seconds.flooredDivision(by: 86_400).quotient)
      let text =
        "Mon, \(date.day.padded(to: 2)) \(names[Int(date.month) - 1]) \(date.year.padded(to: 4)) 00:00:00 GMT"
      guard HTTPDate.timestamp(text, now: now) == day else {
        Issue.record("\(text) is not read")
        return
      }
      day = day.advanced(by: .seconds(86_400))
    }
  }

  @Test(arguments: [
    "", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ",
    "sun, 06 nov 1994 08:49:37 gmt", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT", "Mon, 29 Feb 2027 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, +6 Nov 1994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "2026-11-28T18:09:47Z", "1795889387.5",
  ])
  func whatIsInNoFormIsNone(_ text: String) {
    #expect(seconds(text) == nil)
  }
}

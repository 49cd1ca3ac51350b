import Testing

@testable import RelayCore

@Suite struct HTTPDateTests {
  private let now = Timestamp(microseconds: 1_767_323_045_000_000)

  @Test(arguments: [
    ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
    ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Wed Nov 16 08:49:37 1994", 784_975_777),
    ("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("Fri, 31 Dec 1999 23:59:60 GMT", 946_684_800), ("Friday, 02-Jan-26 03:04:05 GMT", 1_767_323_045),
    ("Monday, 01-Jan-76 00:00:00 GMT", 3_345_062_400), ("Monday, 01-Jan-77 00:00:00 GMT", 220_924_800),
  ])
  func itsThreeFormsAreRead(text: String, seconds: Int64) {
    #expect(Timestamp(httpDate: text, now: now) == .tick(seconds))
  }

  @Test(arguments: [
    "", " ", "0", "120", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 08:49:37 GMT ", "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 2025 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 8:49:37 GMT", "Sun 06 Nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
    "Sun Nov  16 08:49:37 1994", "2026-01-02T03:04:05Z", "Sun, 06 Nov 1994 08:49:37 +0000",
    "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT Sun, 06 Nov 1994 08:49:37 GMT",
  ])
  func nothingElseIs(text: String) {
    #expect(Timestamp(httpDate: text, now: now) == nil)
  }

  @Test func daysAreCountedBothWays() {
    for days in stride(from: Int64(-800_000), to: 800_000, by: 131) {
      let date = CivilDate(daysSinceEpoch: days)
      #expect(CivilDate.days(year: date.year, month: date.month, day: date.day) == days)
    }
  }
}

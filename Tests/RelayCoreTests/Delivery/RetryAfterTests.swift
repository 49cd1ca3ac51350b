import RelayCore
import Testing

@Suite struct RetryAfterTests {
  /// 2026-11-28T20:00:00Z
  private let now = Timestamp(microseconds: 1_795_896_000_000_000)

  private func delay(_ value: String) -> Duration? { RetryAfter.delay(value, now: now) }

  @Test(arguments: [
    ("1", Duration.seconds(1)), ("30", .seconds(30)), ("007", .seconds(7)),
    ("Sat, 28 Nov 2026 20:00:30 GMT", .seconds(30)), ("Saturday, 28-Nov-26 20:00:30 GMT", .seconds(30)),
    ("Sat Nov 28 20:00:30 2026", .seconds(30)),
  ])
  func secondsAndDatesAreRead(_ value: String, _ expected: Duration) {
    #expect(delay(value) == expected)
  }

  @Test(arguments: [String(repeating: "9", count: 25), "99999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
  func itIsNeverLongerThanAYear(_ value: String) {
    #expect(delay(value) == RetryAfter.longest)
  }

  @Test(arguments: ["0", "000", "Sat, 28 Nov 2026 20:00:00 GMT", "Thu, 01 Jan 2015 00:00:00 GMT"])
  func whatIsOverIsNone(_ value: String) {
    #expect(delay(value) == nil)
  }

  @Test(arguments: [
    "", " 30", "30 ", "30s", "30, 90", "-30", "+30", "30.5", "3e1", "0x1e", "٣٠", "soon", "PT30S",
    "2026-11-28T20:00:30Z", "1795896030.5",
  ])
  func whatIsNeitherIsNone(_ value: String) {
    #expect(delay(value) == nil)
  }
}

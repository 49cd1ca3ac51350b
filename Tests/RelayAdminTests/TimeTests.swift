import RelayCore
import Testing

@testable import RelayAdmin

@Suite struct TimeTests {
  @Test(arguments: [
    ("2026-01-02", "2026-01-02T03:00:00.000Z"), ("2026-01-02 03:04", "2026-01-02T06:04:00.000Z"),
    ("2026-01-02T23:59:59", "2026-01-03T02:59:59.000Z"), ("03:04", "2026-07-01T06:04:00.000Z"),
    ("23:04:05", "2026-07-02T02:04:05.000Z"), ("24h", "2026-07-01T01:30:00.000Z"),
    ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
  ])
  func aPersonsTimeIsThatOfTheirZone(text: String, meaning: String) throws {
    // Half past one in UTC, and the evening before in São Paulo.
    let now = try #require(Timestamp(rfc3339: "2026-07-02T01:30:00Z"))
    let zone = try Zones.of("America/Sao_Paulo")
    #expect(TimeInput.localTime(text, now: now, zone: zone)?.description == meaning)
  }

  @Test func aTimeThatAChangeOfClocksLeavesOutIsTheNextThereIs() throws {
    let zone = try Zones.of("Europe/Berlin")
    func time(_ text: String) -> String? { TimeInput.wallTime(text, now: .epoch, zone: zone)?.description }
    #expect(time("2026-03-29 02:30") == "2026-03-29T01:30:00.000Z")
    #expect(time("2026-10-25 02:30") == "2026-10-25T00:30:00.000Z")
    #expect(time("2026-07-01") == "2026-06-30T22:00:00.000Z")
  }

  /// Samoa went over the date line at the end of 2011-12-29.
  @Test func aDayThatAZoneLeavesOutIsNone() throws {
    let zone = try Zones.of("Pacific/Apia")
    func time(_ text: String) -> String? { TimeInput.wallTime(text, now: .epoch, zone: zone)?.description }
    #expect(time("2011-12-29 23:59") == "2011-12-30T09:59:00.000Z")
    #expect(time("2011-12-30 12:00") == nil)
    #expect(time("2011-12-31") == "2011-12-30T10:00:00.000Z")
  }

  @Test(arguments: [
    "2026-02-30", "2026-13-01", "2026-01-02 24:00", "2026-01-02 03:60", "3:04", "25:00", "yesterday", "",
    "٢٠٢٦-01-02", "2026-01-02 03", "2026-01-02  03:04",
  ])
  func anythingElseIsNoLocalTime(text: String) {
    #expect(TimeInput.wallTime(text, now: .epoch, zone: .utc) == nil)
  }

  @Test(arguments: [
    ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
    ("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z"),
    ("2026-01-02T00:04:05.6789-03:00", "2026-01-02T03:04:05.678Z"),
    ("2026-01-02T08:49:05+05:45", "2026-01-02T03:04:05.000Z"),
    ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z"),
    ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00.000Z"),
    ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
    ("2000-03-01T00:00:00Z", "2000-03-01T00:00:00.000Z"),
    ("1900-03-01T00:00:00Z", "1900-03-01T00:00:00.000Z"),
    ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
  ])
  func rfc3339IsReadWithAnyOffset(text: String, meaning: String) {
    #expect(Timestamp(rfc3339: text)?.description == meaning)
  }

  @Test func whatATimeSaysOfItselfIsReadAgain() {
    for day in stride(from: -719_528, to: 2_932_896, by: 977) {
      let time = Timestamp(microseconds: Int64(day) * 86_400_000_000 + 12_345_000)
      #expect(Timestamp(rfc3339: time.description) == time)
    }
  }

  @Test(arguments: [
    "", "2026-01-02", "2026-01-02T03:04Z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05",
    "2026-1-02T03:04:05Z",
    "2026-01-02T03:04:05+0200", "2026-01-02T03:04:05.Z", "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
    "1900-02-29T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z", "2026-01-02T03:04:61Z", "2026-01-02T03:04:05+24:00",
    "2026-01-02T03:04:05+02:60", "2026-01-02T03:04:05ZZ", "+026-01-02T03:04:05Z", "٢٠٢٦-01-02T03:04:05Z",
  ])
  func anythingElseIsNoTime(text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test(arguments: [
    ("90s", 90_000), ("250ms", 250), ("10m", 600_000), ("24h", 86_400_000), ("7d", 604_800_000), ("0s", 0),
  ])
  func aDurationIsSoLongAgo(text: String, milliseconds: Int) {
    #expect(TimeInput.duration(text) == .milliseconds(milliseconds))
    #expect(TimeInput.time(text, now: Samples.now) == Samples.now.advanced(by: .milliseconds(-milliseconds)))
  }

  @Test(arguments: [
    "", "24", "h", "1.5h", "-1h", "24 h", "24H", "3651d", "99999999999999999999s", "999999999999999d",
  ])
  func anythingElseIsNoDuration(text: String) {
    #expect(TimeInput.duration(text) == nil)
  }

  /// An address that was not encoded turns a `+` into a space.
  @Test func aSpaceStandsForThePlusOfAnOffset() {
    let time = TimeInput.time("2026-01-02T05:04:05 02:00", now: Samples.now)
    #expect(time == Timestamp(rfc3339: "2026-01-02T03:04:05Z"))
  }
}

import RelayCore
import RelayText

/// How people say a time: RFC 3339, or how long ago.
package enum TimeInput {
  /// What is right, for messages.
  package static let forms =
    "RFC 3339, such as 2026-01-02T03:04:05Z, or how long ago, such as 90s, 10m, 24h or 7d"

  /// - Returns: nil: it is neither.
  package static func time(_ text: String, now: Timestamp) -> Timestamp? {
    if let ago = duration(text) { return now.advanced(by: .zero - ago) }
    // In an address a `+` may have become a space; no space has a place in a time.
    return Timestamp(rfc3339: String(text.map { $0 == " " ? "+" : $0 }))
  }

  /// As in routes.yaml: `250ms`, `5s`, `10m`, `24h`, `7d`; at most ten years.
  package static func duration(_ text: String) -> Duration? {
    Duration(text: text).flatMap { $0 > .longestText ? nil : $0 }
  }
}

extension TimeInput {
  /// What is right where a person asks, in their own time zone.
  package static let localForms =
    "2026-01-02, \"2026-01-02 03:04\" or 03:04 in this machine's time zone, 2026-01-02T03:04:05Z, or how long ago, "
    + "such as 90s, 10m, 24h or 7d"

  /// As `time`, and also a date, a date and a time, or a time of today, as a clock in this zone shows them.
  package static func localTime(_ text: String, now: Timestamp, zone: TimeZoneRules) -> Timestamp? {
    time(text, now: now) ?? wallTime(text, now: now, zone: zone)
  }

  /// A date, a date and a time, or a time of today: without a zone, so that it is this one's. A time that a change of
  /// clocks leaves out is the next there is; of one that it brings twice, the first.
  package static func wallTime(_ text: String, now: Timestamp, zone: TimeZoneRules) -> Timestamp? {
    let day: Int64
    let time: [Substring?]
    if let match = text.wholeMatch(
      of: /([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?/)
    {
      guard let year = Int(match.1), let month = Int(match.2), let number = Int(match.3),
        let date = ServiceHours.Day(year: year, month: month, day: number)
      else { return nil }
      day = date.number
      time = [match.4, match.5, match.6]
    } else if let match = text.wholeMatch(of: /([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?/) {
      day = zone.day(at: now.seconds)
      time = [match.1, match.2, match.3]
    } else {
      return nil
    }
    let parts = time.map { $0.flatMap { Int64($0) } ?? 0 }
    guard parts[0] < 24, parts[1] < 60, parts[2] < 60 else { return nil }
    let local = day * 86_400 + parts[0] * 3_600 + parts[1] * 60 + parts[2]
    let moment = zone.moment(showing: local)
    // A zone may leave out a whole day.
    guard zone.day(at: moment) == day else { return nil }
    return Timestamp(microseconds: moment * 1_000_000)
  }
}

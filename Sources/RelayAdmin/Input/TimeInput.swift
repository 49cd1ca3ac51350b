import Foundation
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
  package static func localTime(_ text: String, now: Timestamp, zone: TimeZone) -> Timestamp? {
    time(text, now: now) ?? wallTime(text, now: now, zone: zone)
  }

  /// A date, a date and a time, or a time of today: without a zone, so that it is this one's. A time that a change of
  /// clocks leaves out is the next there is; of one that it brings twice, the first.
  package static func wallTime(_ text: String, now: Timestamp, zone: TimeZone) -> Timestamp? {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let today = Date(timeIntervalSince1970: Double(now.microseconds) / 1e6)
    var components = calendar.dateComponents([.year, .month, .day], from: today)
    (components.hour, components.minute, components.second) = (0, 0, 0)
    if let match = text.wholeMatch(
      of: /([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?/)
    {
      (components.year, components.month, components.day) = (Int(match.1), Int(match.2), Int(match.3))
      components.hour = match.4.flatMap { Int($0) } ?? 0
      components.minute = match.5.flatMap { Int($0) } ?? 0
      components.second = match.6.flatMap { Int($0) } ?? 0
    } else if let match = text.wholeMatch(of: /([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?/) {
      (components.hour, components.minute) = (Int(match.1), Int(match.2))
      components.second = match.3.flatMap { Int($0) } ?? 0
    } else {
      return nil
    }
    guard components.hour! < 24, components.minute! < 60, components.second! < 60,
      let date = calendar.date(from: components)
    else { return nil }
    // A day that there is not becomes another; a time that there is not may.
    let day = calendar.dateComponents([.year, .month, .day], from: date)
    guard (day.year, day.month, day.day) == (components.year, components.month, components.day) else {
      return nil
    }
    return Timestamp(microseconds: Int64((date.timeIntervalSince1970 * 1_000).rounded()) * 1_000)
  }
}

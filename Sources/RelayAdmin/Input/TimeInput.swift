import RelayCore

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

  /// A whole number and its unit, as in routes.yaml: `250ms`, `5s`, `10m`, `24h`, `7d`; at most ten years.
  package static func duration(_ text: String) -> Duration? {
    let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
    guard (1...15).contains(digits.count), let count = Int(String(Substring(digits))),
      let unit = units[String(Substring(text.utf8.dropFirst(digits.count)))]
    else { return nil }
    let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow || milliseconds > 3_650 * 86_400_000 ? nil : .milliseconds(milliseconds)
  }

  private static let units = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
}

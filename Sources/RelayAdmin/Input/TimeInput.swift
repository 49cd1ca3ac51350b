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

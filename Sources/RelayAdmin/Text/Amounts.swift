import RelayCore

extension Duration {
  /// In two units at most: `12s`, `3m12s`, `2h05m`, `4d03h`. Below a second `0s`.
  var ageText: String {
    let seconds = max(0, Int(components.seconds))
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3_600: return "\(seconds / 60)m\(Self.two(seconds % 60))s"
    case ..<86_400: return "\(seconds / 3_600)h\(Self.two(seconds / 60 % 60))m"
    default: return "\(seconds / 86_400)d\(Self.two(seconds / 3_600 % 24))h"
    }
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Double {
  /// Seconds, as an age. An answer may say anything: more than fits is cut off.
  var ageText: String { Duration.seconds(Swift.min(self, 1e12)).ageText }

  /// Milliseconds: `0.4 ms`, `12 ms`, `2.5 s`.
  var millisecondsText: String {
    switch self {
    case ..<10: "\(oneDecimal) ms"
    case ..<1_000: "\(Int(rounded())) ms"
    default: "\((self / 1_000).oneDecimal) s"
    }
  }

  /// Without a `.0`.
  fileprivate var oneDecimal: String {
    let tenths = Int((Swift.min(self, 1e15) * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}

extension Int {
  /// Bytes: `512 B`, `1.2 GiB`.
  var bytesText: String {
    for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where self >= size {
      return "\((Double(self) / Double(size)).oneDecimal) \(unit)"
    }
    return "\(self) B"
  }
}

extension Timestamp {
  /// `2026-01-02T03:04:05.678Z (3m12s ago)`, or `(in 3m12s)`.
  func text(at now: Timestamp) -> String {
    let age = duration(to: now)
    return "\(self) (\(age < .zero ? "in \((.zero - age).ageText)" : "\(age.ageText) ago"))"
  }
}

extension Timestamp {
  /// Reads RFC 3339 with any offset: `2026-01-02T03:04:05Z`, `2026-01-02T00:04:05.678-03:00`. What is finer
  /// than a microsecond is cut off. Nil for anything else.
  package init?(rfc3339 text: String) {
    var reader = DigitReader(text)
    guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
      let day = reader.digits(2), reader.take("T", "t"), let hour = reader.digits(2), reader.take(":"),
      let minute = reader.digits(2), reader.take(":"), let second = reader.digits(2)
    else { return nil }
    var micros = 0
    if reader.take(".") {
      guard let fraction = reader.fraction() else { return nil }
      micros = fraction
    }
    guard let offset = reader.offset(), reader.isAtEnd, hour < 24, minute < 60, second <= 60,
      let days = Self.days(year: year, month: month, day: day)
    else { return nil }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
    self.init(microseconds: Int64(seconds) * 1_000_000 + Int64(micros))
  }

  /// Days since 1970-01-01; nil if there is no such day.
  private static func days(year: Int, month: Int, day: Int) -> Int? {
    guard (1...12).contains(month) else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...lengths[month - 1]).contains(day) else { return nil }
    let before = year - 1
    // Leap days of all earlier years; 719,162 days lie between year 1 and 1970.
    let leapDays = before >= 0 ? before / 4 - before / 100 + before / 400 : -1
    return before * 365 + leapDays - 719_162 + lengths[..<(month - 1)].reduce(0, +) + day - 1
  }
}

/// Reads the pieces of a time, from left to right.
private struct DigitReader {
  private var rest: Substring.UTF8View

  init(_ text: String) {
    rest = text[...].utf8
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ characters: Unicode.Scalar...) -> Bool {
    guard let first = rest.first, characters.contains(Unicode.Scalar(first)) else { return false }
    rest.removeFirst()
    return true
  }

  /// Exactly so many.
  mutating func digits(_ count: Int) -> Int? {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    rest.removeFirst(count)
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// At least one digit, as microseconds.
  mutating func fraction() -> Int? {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty else { return nil }
    rest.removeFirst(digits.count)
    let kept = digits.prefix(6)
    let value = kept.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return (kept.count..<6).reduce(value) { value, _ in value * 10 }
  }

  /// In seconds, east of Greenwich.
  mutating func offset() -> Int? {
    if take("Z", "z") { return 0 }
    let isWest = rest.first == UInt8(ascii: "-")
    guard take("+", "-"), let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60
    else { return nil }
    return (hours * 3_600 + minutes * 60) * (isWest ? -1 : 1)
  }
}

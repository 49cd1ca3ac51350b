/// A point in time, in microseconds since 1970-01-01T00:00:00Z.
///
/// Where nothing else is said it is the relay's own, steady time (`SteadyClock`): due times and ages are, and they outlive the
/// process. What people and other machines are told, or tell, is wall-clock time, and says so. Where only an
/// elapsed time matters (a deadline in memory), callers measure with `ContinuousClock`.
///
/// Public with its parts, so that other modules inline them (docs/decisions/0016-how-the-release-is-built.md).
public struct Timestamp: Hashable, Sendable {
  public var microseconds: Int64

  public init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  public static let epoch = Timestamp(microseconds: 0)
  public static let distantFuture = Timestamp(microseconds: .max)

  /// Whole milliseconds since the epoch, rounded down.
  public var milliseconds: Int64 { microseconds.flooredDivision(by: 1_000).quotient }

  /// Whole seconds since the epoch, rounded down.
  public var seconds: Int64 { microseconds.flooredDivision(by: 1_000_000).quotient }
}

extension Timestamp: InstantProtocol {
  public func advanced(by duration: Duration) -> Timestamp {
    let (sum, overflow) = microseconds.addingReportingOverflow(duration.microseconds)
    return overflow ? .distantFuture : Timestamp(microseconds: sum)
  }

  public func duration(to other: Timestamp) -> Duration {
    .microseconds(other.microseconds - microseconds)
  }

  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }

  /// nil is later than any time.
  static func earliest(_ a: Timestamp?, _ b: Timestamp?) -> Timestamp? {
    guard let a, let b else { return a ?? b }
    return min(a, b)
  }
}

extension Timestamp: CustomStringConvertible {
  /// RFC 3339 in UTC, to the millisecond: `2026-01-02T03:04:05.678Z`.
  public var description: String {
    var text: [UInt8] = []
    appendText(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends `description`.
  package func appendText(to output: inout [UInt8]) {
    let (days, rest) = milliseconds.flooredDivision(by: 86_400_000)
    let date = CivilDate(daysSinceEpoch: days)
    let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60)
    // Other years are no RFC 3339, and of no event.
    guard (0...9_999).contains(date.year) else {
      let time = [hours, minutes, seconds].map { $0.padded(to: 2) }.joined(separator: ":")
      return output.append(contentsOf: "\(date)T\(time).\((rest % 1_000).padded(to: 3))Z".utf8)
    }
    withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { text in
      func write(_ number: Int64, _ digits: Int, at place: Int, before next: Unicode.Scalar) {
        var rest = number
        for digit in stride(from: place + digits - 1, through: place, by: -1) {
          text[digit] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
          rest /= 10
        }
        text[place + digits] = UInt8(ascii: next)
      }
      write(date.year, 4, at: 0, before: "-")
      write(date.month, 2, at: 5, before: "-")
      write(date.day, 2, at: 8, before: "T")
      write(hours, 2, at: 11, before: ":")
      write(minutes, 2, at: 14, before: ":")
      write(seconds, 2, at: 17, before: ".")
      write(rest % 1_000, 3, at: 20, before: "Z")
      output.append(contentsOf: UnsafeRawBufferPointer(text))
    }
  }
}

extension Duration {
  /// Whole microseconds, rounded toward zero; `Int64.max` for what does not fit.
  public var microseconds: Int64 {
    // Nearly all are shorter than 18 s: then there is one division, and not two of 128 bits.
    let whole = attoseconds
    if whole >= 0, whole <= Int128(UInt64.max) {
      return Int64(UInt64(truncatingIfNeeded: whole) / 1_000_000_000_000)
    }
    let (seconds, attoseconds) = components
    let (product, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, overflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
    return isTooLong || overflow ? .max : sum
  }

  /// Whole milliseconds, rounded up, so that a wait never ends early; `Int64.max` for what does not fit.
  public var millisecondsRoundedUp: Int64 {
    let whole = microseconds
    return whole / 1_000 + (whole % 1_000 > 0 ? 1 : 0)
  }

  /// Seconds with their fraction.
  public var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}

/// A day of the proleptic Gregorian calendar.
struct CivilDate: CustomStringConvertible {
  let year: Int64
  let month: Int64
  let day: Int64

  /// The algorithm counts 400-year eras that begin on 1 March, so that the leap day comes last.
  init(daysSinceEpoch: Int64) {
    let (era, dayOfEra) = (daysSinceEpoch + 719_468).flooredDivision(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var description: String { "\(year.padded(to: 4))-\(month.padded(to: 2))-\(day.padded(to: 2))" }
}

extension Int64 {
  package func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  func padded(to width: Int) -> String {
    let digits = String(self)
    return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
  }
}

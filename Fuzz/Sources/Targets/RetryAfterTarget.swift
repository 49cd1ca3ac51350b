import Glibc
import RelayCore

/// The C library's reader of dates, which its header hides from Swift.
@_silgen_name("strptime")
private func strptime(
  _ text: UnsafePointer<CChar>, _ form: UnsafePointer<CChar>, _ parts: UnsafeMutablePointer<tm>
) -> UnsafeMutablePointer<CChar>?

/// `Retry-After` and HTTP dates: bounded, and read as the C library reads and writes them.
///
/// An input is eight bytes, a moment that is written as a date and read again, and a header's value.
enum RetryAfterTarget {
  private static let forms = [
    "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y",
  ]
  /// 2026-11-28T20:00:00Z
  private static let now = Timestamp(microseconds: 1_795_896_000_000_000)
  private static let lastSecond: UInt64 = 253_402_300_799

  static func makeCheck() -> FuzzTargets.Check {
    setlocale(LC_ALL, "C")
    return { input in
      let bytes = Array(input)
      checkMoment(bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % (lastSecond + 1))
      for value in [
        String(decoding: bytes, as: UTF8.self), String(decoding: bytes.dropFirst(8), as: UTF8.self),
      ] {
        checkDelay(value)
        checkDate(value)
      }
    }
  }

  /// Each form of a moment is read as that moment.
  private static func checkMoment(_ seconds: UInt64) {
    for form in forms {
      var (moment, parts) = (time_t(seconds), tm())
      gmtime_r(&moment, &parts)
      var buffer = [CChar](repeating: 0, count: 100)
      let count = strftime(&buffer, buffer.count, form, &parts)
      let text = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let read = HTTPDate.timestamp(text, now: now)?.seconds
      // Two digits of a year are of the hundred years up to fifty from now.
      if form.contains("%y"), !(77...176).contains(parts.tm_year) { continue }
      requireSame(read, Int64(seconds), "\(text) is read as another moment")
    }
  }

  private static func checkDelay(_ value: String) {
    let delay = RetryAfter.delay(value, now: now)
    let attempt = AttemptResult(
      startedAt: now, duration: .zero, response: .status(503, body: [], retryAfter: delay))
    let wait = Destination.retryAfter(in: attempt)
    if let wait {
      require(wait > .zero && wait <= .seconds(3_600), "\(value): a destination waits for \(wait)")
    }
    requireSame(wait != nil, delay != nil, "whether a destination waits for \(value)")
    if let delay { require(delay > .zero && delay <= RetryAfter.longest, "\(value): \(delay)") }
    guard !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      let moment = HTTPDate.timestamp(value, now: now)
      requireSame(delay != nil, moment.map { now < $0 } ?? false, "whether \(value) is a wish")
      return
    }
    let seconds = value.utf8.reduce(0.0) { $0 * 10 + Double($1 - 0x30) }
    let expected: Duration? =
      seconds == 0 ? nil : seconds > 31_536_000 ? .seconds(31_536_000) : .seconds(Int64(seconds))
    requireSame(delay, expected, "seconds")
  }

  /// What is read as a date is one to the C library, too, and the same.
  private static func checkDate(_ text: String) {
    guard let read = HTTPDate.timestamp(text, now: now) else { return }
    let moments = forms.compactMap { form -> Int64? in
      var parts = tm()
      guard let end = text.withCString({ start in strptime(start, form, &parts).map { $0.pointee } }),
        end == 0
      else { return nil }
      // Two digits mean a year up to 2068 there.
      if form.contains("%y"), parts.tm_year < 77 { parts.tm_year += 100 }
      return Int64(timegm(&parts))
    }
    require(moments.contains(read.seconds), "\(text) is \(read.seconds), and not \(moments)")
  }
}

/// Which trace a request belongs to, and which step of it sent it: the header `traceparent` of W3C Trace Context
/// (https://www.w3.org/TR/trace-context).
///
/// A request that brings one keeps it on its whole way: each destination gets it as it came. One that brings none is given the one
/// that its first event's id makes, so that nothing has to be drawn or stored, and a trace leads to the event without a look-up.
package struct TraceParent: Hashable, Sendable {
  /// The trace's id: 16 bytes, not all of them 0.
  private let traceHigh: UInt64
  private let traceLow: UInt64
  /// The step's: not 0.
  private let parent: UInt64
  private let flags: UInt8

  /// Bit 0 of the flags: whoever sent it keeps a record of it.
  private static let sampled: UInt8 = 1

  /// For a request that brings none. The relay keeps a record of each, and says so: with the flag cleared, receivers that go by
  /// it would record nothing of what comes from the relay.
  ///
  /// - Parameter firstEvent: Of that request. A UUIDv7: its time is left and its random bits are right, as they should be.
  package init(madeFor firstEvent: EventID) {
    (traceHigh, traceLow) = (firstEvent.high, firstEvent.low)
    // A UUID's variant stands there, so it is never 0.
    parent = firstEvent.low
    flags = Self.sampled
  }

  /// Reads a header's value.
  ///
  /// Of a later version than 00 that is taken which 00 knows, as the specification asks for: it goes on as 00.
  ///
  /// - Returns: nil for what is none: it is then as if there were no header.
  package init?(header value: some Collection<UInt8>) {
    var rest = Array(value)[...]
    guard let version = Self.number(2, in: &rest), version != 0xFF, Self.takeDash(&rest),
      let high = Self.number(16, in: &rest), let low = Self.number(16, in: &rest), high | low != 0,
      Self.takeDash(&rest), let parent = Self.number(16, in: &rest), parent != 0, Self.takeDash(&rest),
      let flags = Self.number(2, in: &rest), rest.isEmpty || (version > 0 && Self.takeDash(&rest))
    else { return nil }
    (traceHigh, traceLow, self.parent) = (high, low, parent)
    self.flags = UInt8(flags) & (version == 0 ? 0xFF : Self.sampled)
  }

  /// The trace's id as others show it: 32 hexadecimal digits.
  package var traceID: String {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { text in
      writeTraceID(at: 0, of: text)
      return String(decoding: text, as: UTF8.self)
    }
  }

  private func writeTraceID(at place: Int, of text: UnsafeMutableRawBufferPointer) {
    HexDigits.writeWhole(traceHigh, at: place, of: text)
    HexDigits.writeWhole(traceLow, at: place + 16, of: text)
  }

  /// Appends the 55 bytes of the header's value.
  package func appendText(to output: inout [UInt8]) {
    withUnsafeTemporaryAllocation(byteCount: 55, alignment: 8) { text in
      let (zero, dash) = (UInt8(ascii: "0"), UInt8(ascii: "-"))
      let flags = HexDigits.ascii(UInt64(flags))
      (text[0], text[1], text[2]) = (zero, zero, dash)
      writeTraceID(at: 3, of: text)
      text[35] = dash
      HexDigits.writeWhole(parent, at: 36, of: text)
      text[52] = dash
      text[53] = UInt8(truncatingIfNeeded: flags >> 48)
      text[54] = UInt8(truncatingIfNeeded: flags >> 56)
      output.append(contentsOf: UnsafeRawBufferPointer(text))
    }
  }

  // MARK: As bytes

  /// 25 of them: the trace's id, the step's, the flags.
  package var bytes: [UInt8] {
    [traceHigh, traceLow, parent].flatMap { word in
      stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
    } + [flags]
  }

  /// - Returns: nil for what `bytes` never gives.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 25 else { return nil }
    func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    (traceHigh, traceLow, parent, flags) = (word(0), word(8), word(16), bytes[24])
    guard traceHigh | traceLow != 0, parent != 0 else { return nil }
  }

  // MARK: Digits

  /// Takes so many digits: hexadecimal ones, and of letters only small ones.
  private static func number(_ digits: Int, in rest: inout ArraySlice<UInt8>) -> UInt64? {
    guard rest.count >= digits else { return nil }
    var number: UInt64 = 0
    for byte in rest.prefix(digits) {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    rest = rest.dropFirst(digits)
    return number
  }

  private static func takeDash(_ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.first == UInt8(ascii: "-") else { return false }
    rest = rest.dropFirst()
    return true
  }
}

extension TraceParent: CustomStringConvertible {
  package var description: String {
    var text: [UInt8] = []
    appendText(to: &text)
    return String(decoding: text, as: UTF8.self)
  }
}

import NIOCore
import RelayText

/// A whole request of the kind that nearly all are, recognized without the decoder: POST or PUT of a path, HTTP/1.1, a
/// content-length, nothing that changes how the connection goes on, and the body there to its last byte.
///
/// It is strict where the decoder is lenient, and it never refuses: whatever it does not recognize, from a chunked body
/// to a bad header, is for the decoder to judge.
struct PlainRequest: Equatable {
  var method: IncomingRequest.Method
  /// Places in the buffer, counted from where it was looked at.
  var path: Range<Int>
  var body: Range<Int>
  var userAgent: Range<Int>?
  var forwardedFor: Range<Int>?
  var forwarded: Range<Int>?
  var traceParent: Range<Int>?

  /// - Parameter bytes: What has come, from a request's first byte on.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var scan = HeadScan(bytes: bytes, end: min(bytes.count, RequestParser.maxHeaderBytes))
    guard let method = scan.method(), let path = scan.path(), scan.take("HTTP/1.1\r\n") else { return nil }
    var length: Int?
    var fields = 0
    var hosts = 0
    while !scan.take("\r\n") {
      fields += 1
      guard fields <= RequestParser.maxHeaderFields, let name = scan.fieldName(),
        let value = scan.fieldValue()
      else { return nil }
      switch name.count {
      case 4 where scan.equals(name, "host"): hosts += 1
      case 14 where scan.equals(name, "content-length"):
        guard length == nil, let number = scan.number(value) else { return nil }
        length = number
      // HTTP/1.1 stays open by itself; anything else is not plain.
      case 10 where scan.equals(name, "connection"):
        guard value.count == 10, scan.equals(value, "keep-alive") else { return nil }
      case 9 where scan.equals(name, "forwarded"):
        guard forwarded == nil else { return nil }
        forwarded = value
      case 10 where scan.equals(name, "user-agent"): userAgent = userAgent ?? value
      case 11 where scan.equals(name, "traceparent"):
        guard traceParent == nil else { return nil }
        traceParent = value
      case 15 where scan.equals(name, "x-forwarded-for"):
        guard forwardedFor == nil else { return nil }
        forwardedFor = value
      // What these say changes what follows, or what the body is.
      case 6 where scan.equals(name, "expect"), 7 where scan.equals(name, "upgrade"),
        16 where scan.equals(name, "proxy-connection"), 16 where scan.equals(name, "content-encoding"),
        17 where scan.equals(name, "transfer-encoding"):
        return nil
      default: break
      }
    }
    guard hosts == 1, let length, length <= bytes.count - scan.position else { return nil }
    self.method = method
    self.path = path
    body = scan.position..<scan.position + length
  }
}

/// Steps through a request's head; each step says nil where the decoder should look.
private struct HeadScan {
  let bytes: UnsafeRawBufferPointer
  /// The head must have ended by then.
  let end: Int
  var position = 0

  init(bytes: UnsafeRawBufferPointer, end: Int) {
    self.bytes = bytes
    self.end = end
  }

  mutating func take(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= end else { return false }
    for index in 0..<count where bytes[position + index] != text.utf8Start[index] { return false }
    position += count
    return true
  }

  mutating func method() -> IncomingRequest.Method? {
    if take("POST ") { return .post }
    return take("PUT ") ? .put : nil
  }

  /// Up to its space. Without a query, which is cut off elsewhere.
  mutating func path() -> Range<Int>? {
    let start = position
    guard start < end, bytes[start] == UInt8(ascii: "/") else { return nil }
    while position < end, bytes[position] > 0x20, bytes[position] < 0x7F {
      if bytes[position] == UInt8(ascii: "?") || bytes[position] == UInt8(ascii: "#") { return nil }
      position += 1
    }
    guard position < end, bytes[position] == 0x20 else { return nil }
    position += 1
    return start..<position - 1
  }

  /// Up to its colon.
  mutating func fieldName() -> Range<Int>? {
    let start = position
    while position < end, Self.isNameByte(bytes[position]) { position += 1 }
    guard position > start, position < end, bytes[position] == UInt8(ascii: ":") else { return nil }
    position += 1
    return start..<position - 1
  }

  /// Without the spaces before it, up to the line's end.
  mutating func fieldValue() -> Range<Int>? {
    while position < end, bytes[position] == 0x20 { position += 1 }
    let start = position
    while position < end, bytes[position] >= 0x20, bytes[position] < 0x7F { position += 1 }
    let range = start..<position
    return take("\r\n") ? range : nil
  }

  /// - Parameter text: In lower case, as long as the range.
  func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
    for (index, place) in range.enumerated() {
      if bytes[place].asciiLowercased != text.utf8Start[index] { return false }
    }
    return true
  }

  /// One to nine digits and nothing else.
  func number(_ range: Range<Int>) -> Int? {
    guard (1...9).contains(range.count) else { return nil }
    var value = 0
    for place in range {
      let digit = bytes[place] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    return value
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

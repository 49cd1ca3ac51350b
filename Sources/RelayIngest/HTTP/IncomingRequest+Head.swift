import NIOHTTP1

extension IncomingRequest {
  /// Reads the few headers that matter, in one pass.
  init(_ head: HTTPRequestHead, target: Target) {
    self.target = target
    method = Method(head.method)
    // The parser stops behind a CONNECT: nothing can follow it.
    keepAlive = head.isKeepAlive && head.method != .CONNECT
    isHTTP10 = head.version.minor == 0
    for (name, value) in head.headers { note(name, value) }
    if isHTTP10 {
      // Whoever stands between us and a 1.0 client may frame such a body otherwise than we do.
      if body == .chunked { fault = "transfer-encoding needs HTTP/1.1" }
      expectation = .none
    }
  }

  private mutating func note(_ name: String, _ value: String) {
    switch name.utf8.count {
    case 6 where name.equalsIgnoringCase("expect"):
      expectation = value.equalsIgnoringCase("100-continue") ? .continue : .unknown
    case 7 where name.equalsIgnoringCase("upgrade"):
      // The parser stops behind a request that asks for another protocol: nothing can follow it.
      keepAlive = false
    case 14 where name.equalsIgnoringCase("content-length"):
      noteContentLength(value)
    case 17 where name.equalsIgnoringCase("transfer-encoding"):
      if body == .chunked || !value.equalsIgnoringCase("chunked") {
        fault = "the only transfer-encoding is chunked"
      }
      body = .chunked
    default: break
    }
  }

  /// The parser has refused what is no number, and a second one.
  private mutating func noteContentLength(_ value: String) {
    guard let length = value.decimal else {
      fault = "the content-length is not a number"
      return
    }
    body = .known(length)
  }
}

extension IncomingRequest.Method {
  init(_ method: HTTPMethod) {
    switch method {
    case .POST: self = .post
    case .PUT: self = .put
    case .GET: self = .get
    case .HEAD: self = .head
    default: self = .other
    }
  }
}

extension String {
  /// `text` is in lower case.
  fileprivate func equalsIgnoringCase(_ text: StaticString) -> Bool {
    guard utf8.count == text.utf8CodeUnitCount else { return false }
    var expected = text.utf8Start
    for byte in utf8 {
      let isUpperCase = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
      if (isUpperCase ? byte | 0x20 : byte) != expected.pointee { return false }
      expected += 1
    }
    return true
  }

  /// The number that these digits make, spaces around it aside; nil if it is none, or too large.
  fileprivate var decimal: Int? {
    var value = 0
    var digits = 0
    for byte in utf8 where byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, stillTooLarge) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      if tooLarge || stillTooLarge { return nil }
      value = sum
      digits += 1
    }
    return digits > 0 ? value : nil
  }
}

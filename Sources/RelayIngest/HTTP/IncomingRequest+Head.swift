import NIOHTTP1

extension IncomingRequest {
  /// Reads the few headers that matter, in one pass.
  init(_ head: HTTPRequestHead, target: Target) {
    self.target = target
    method = Method(head.method)
    keepAlive = head.isKeepAlive
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
    guard let length = Int(value.trimmingSpaces) else {
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
    text.withUTF8Buffer { expected in
      utf8.count == expected.count
        && zip(utf8, expected).allSatisfy { $0 == $1 || ((0x41...0x5A) ~= $0 && $0 | 0x20 == $1) }
    }
  }

  fileprivate var trimmingSpaces: Substring {
    var text = self[...]
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}

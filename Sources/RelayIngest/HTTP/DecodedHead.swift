import NIOHTTP1
import RelayCore
import RelayText

/// A head that came through the decoder: the few headers that matter, read in one pass.
struct DecodedHead {
  private(set) var request: IncomingRequest
  private(set) var userAgent: String?
  private(set) var forwardedFor: String?
  private(set) var forwarded: String?
  /// nil: there is none that is valid, or there are several, which is as bad.
  var trace: TraceParent? { traceParents == 1 ? lastTrace : nil }
  private var lastTrace: TraceParent?
  private var traceParents = 0
  private var hosts = 0
  private var offersUpgrade = false
  private var connectionNamesUpgrade = false

  init(_ head: HTTPRequestHead, target: IncomingRequest.Target) {
    request = IncomingRequest(target: target, method: IncomingRequest.Method(head.method))
    // The parser stops behind a CONNECT: nothing can follow it.
    request.keepAlive = head.isKeepAlive && head.method != .CONNECT
    request.isHTTP10 = head.version.minor == 0
    for (name, value) in head.headers { read(name, value) }
    if hosts > 1 {
      request.fault = "there are several Host headers"
    } else if hosts == 0, !request.isHTTP10 {
      request.fault = "the Host header is missing, and HTTP/1.1 needs one"
    }
    if request.isHTTP10 {
      // Whoever stands between us and a 1.0 client may frame such a body otherwise than we do.
      if request.body == .chunked { request.fault = "transfer-encoding needs HTTP/1.1" }
      request.expectation = .none
    }
  }

  /// The client offers to go on with another protocol. That is never taken up, but the parser stops behind it.
  var stopsDecoder: Bool { offersUpgrade && connectionNamesUpgrade }

  private mutating func read(_ name: String, _ value: String) {
    switch name.utf8.count {
    case 4 where name.equalsIgnoringCase("host"): hosts += 1
    case 6 where name.equalsIgnoringCase("expect"):
      request.expectation = value.equalsIgnoringCase("100-continue") ? .continue : .unknown
    case 7 where name.equalsIgnoringCase("upgrade"): offersUpgrade = true
    case 9 where name.equalsIgnoringCase("forwarded"):
      forwarded = forwarded.map { "\($0), \(value)" } ?? value
    case 10 where name.equalsIgnoringCase("connection"):
      if value.names("upgrade") { connectionNamesUpgrade = true }
    case 10 where name.equalsIgnoringCase("user-agent"): userAgent = userAgent ?? value
    case 11 where name.equalsIgnoringCase("traceparent"):
      lastTrace = TraceParent(header: Array(value.utf8))
      traceParents += 1
    case 14 where name.equalsIgnoringCase("content-length"): readContentLength(value)
    case 15 where name.equalsIgnoringCase("x-forwarded-for"):
      // As one line, as every proxy would read them.
      forwardedFor = forwardedFor.map { "\($0), \(value)" } ?? value
    case 16 where name.equalsIgnoringCase("content-encoding"):
      request.coding = request.coding.followed(by: value)
    case 17 where name.equalsIgnoringCase("transfer-encoding"):
      if request.body == .chunked || !value.equalsIgnoringCase("chunked") {
        request.fault = "the only transfer-encoding is chunked"
      }
      request.body = .chunked
    default: break
    }
  }

  /// The parser has refused what is no number, and a second one.
  private mutating func readContentLength(_ value: String) {
    guard let length = value.decimal else {
      request.fault = "the content-length is not a number"
      return
    }
    request.body = .known(length)
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
      if byte.asciiLowercased != expected.pointee { return false }
      expected += 1
    }
    return true
  }

  /// Whether one of the words between its commas is `word`, which is in lower case.
  fileprivate func names(_ word: String) -> Bool {
    split(separator: ",").contains { part in
      let word = word.utf8
      let rest = part.utf8.drop { $0 == 0x20 || $0 == 0x09 }
      return rest.prefix(word.count).map { $0 | 0x20 }.elementsEqual(word)
        && rest.dropFirst(word.count).allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }
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

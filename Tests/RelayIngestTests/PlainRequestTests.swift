import Testing

@testable import RelayIngest

/// What is recognized without the decoder, and that everything else is left to it.
@Suite struct PlainRequestTests {
  private static let sample =
    "POST /huggy HTTP/1.1\r\nHost: relay\r\ncontent-length: 14\r\nX-Note: a b:c \r\n\r\n{\"messages\":1}"

  private func recognize(_ text: String) -> PlainRequest? { PlainRequest(bytes: Array(text.utf8)) }

  // MARK: What is plain

  @Test func anOrdinaryRequestIsRecognizedWithThePlacesOfPathAndBody() throws {
    let request = try #require(recognize(Self.sample))
    #expect(request.method == .post)
    #expect(request.path == 5..<11)
    let count = Self.sample.utf8.count
    #expect(request.body == count - 14..<count)
    #expect(request.bodyText(in: Self.sample) == #"{"messages":1}"#)
  }

  @Test(arguments: [
    ("PUT", "/huggy", ""), ("POST", "/", "x"), ("POST", "/~a/%20!$&'()*+,;=:@[]{}|\\^`\"<>", "\r\n\r\n"),
    ("PUT", "//huggy//", "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"), ("POST", "/a", "é\u{0}\n"),
  ])
  func anyPathAndAnyBodyArePlain(method: String, path: String, body: String) throws {
    let text = Requests.post(body, path: path, method: method)
    let request = try #require(recognize(text))
    #expect(request.method == (method == "PUT" ? .put : .post))
    #expect(request.pathText(in: text) == path)
    #expect(request.bodyText(in: text) == body)
  }

  @Test(arguments: ["Content-Length", "content-length", "CONTENT-LENGTH", "cOnTeNt-LeNgTh"])
  func theCaseOfAHeadersNameDoesNotMatter(name: String) throws {
    let text = Requests.head("POST", "/huggy", headers: ["\(name): 2"]) + "{}"
    #expect(try #require(recognize(text)).bodyText(in: text) == "{}")
  }

  @Test(arguments: [
    "content-length:2", "content-length:    2", "content-length: 000000002", "x:\r\ncontent-length: 2",
    "x: \r\ncontent-length: 2", "x: !~  :, \r\ncontent-length: 2", "content_length: 9\r\ncontent-length: 2",
    "a-Z_09: 1\r\na-Z_09: 2\r\ncontent-length: 2", "expectt: x\r\ncontent-length: 2",
    "keep-alive: 5\r\ncontent-length: 2", "content-lengthy: 3\r\ncontent-length: 2",
  ])
  func otherHeadersAreNoMatter(headers: String) throws {
    let text = Requests.head("POST", "/huggy", headers: [headers]) + "{}"
    #expect(try #require(recognize(text)).bodyText(in: text) == "{}")
  }

  @Test(arguments: ["P", "\r\n", "POST /huggy HTTP/1.1\r\n", sample])
  func moreMayFollowTheBody(rest: String) throws {
    let request = try #require(recognize(Self.sample + rest))
    #expect(request == recognize(Self.sample))
  }

  // MARK: What is left to the decoder

  @Test func aRequestThatIsNotAllThereIsNotPlain() {
    let bytes = Array(Self.sample.utf8)
    for count in 0..<bytes.count {
      #expect(PlainRequest(bytes: Array(bytes.prefix(count))) == nil, "after \(count) bytes")
    }
  }

  @Test(arguments: [
    "transfer-encoding: chunked", "Transfer-Encoding: identity", "expect: 100-continue", "EXPECT:",
    "Upgrade: h2c", "upgrade:", "content-encoding: gzip", "Content-Encoding: identity", "Host: relay",
    "Connection: close", "connection: keep-alive, te", "Proxy-Connection: close",
  ])
  func whatChangesTheConnectionIsNotPlain(header: String) {
    #expect(recognize(Requests.post(headers: ["x: y"])) != nil)
    #expect(recognize(Requests.post(headers: [header])) == nil)
    #expect(recognize(Requests.head("POST", "/huggy", headers: [header, "content-length: 0"])) == nil)
  }

  @Test(arguments: [
    "/huggy?", "/huggy?a=1", "?", "/huggy#a", "", "huggy", "*", "http://relay/huggy", "relay:80", "/a b",
    "/a\tb", "/a\u{7F}", "/\u{1}", "/é", " /huggy",
  ])
  func aTargetThatIsNoMerePathIsNotPlain(target: String) {
    #expect(recognize(Requests.post(path: target)) == nil)
  }

  @Test(arguments: [
    "GET", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "post", "Put", "POS", "POSTS", "PUTT", "",
    " POST",
    "\r\nPOST",
  ])
  func anyOtherMethodIsNotPlain(method: String) {
    #expect(recognize(Requests.post(method: method)) == nil)
  }

  @Test(arguments: ["1.0", "1.2", "0.9", "2.0", "1.1 ", " 1.1", "1.1\n", "1.1\r", "", "11"])
  func anyOtherVersionIsNotPlain(version: String) {
    #expect(recognize(Requests.post(version: version)) == nil)
  }

  @Test(arguments: [
    [], ["content-length: 2", "content-length: 2"], ["content-length: 2", "Content-Length: 1"],
    ["content-length:"], ["content-length: two"], ["content-length: 2x"], ["content-length: 0x2"],
    ["content-length: +2"], ["content-length: -2"], ["content-length: 2 "], ["content-length: 2,2"],
    ["content-length: 1 2"], ["content-length: 2.0"], ["content-length: 0000000002"],
    ["content-length: 18446744073709551618"], ["content-length: 3"], ["content-length: 999999999"],
    ["content-length: ٢"],
  ])
  func aBodyOfNoPlainLengthIsNotPlain(headers: [String]) {
    #expect(recognize(Requests.head("POST", "/huggy", headers: headers) + "{}") == nil)
  }

  @Test(arguments: [
    "x: a\r\n b", "x: a\r\n\tb", " x: a", "x : a", "x\t: a", ": a", "x", "x\r\n: a", "x: a\nb: c", "x: a\n",
    "x: a\rb: c", "x: a\r", "x: a\u{0}b", "x: a\tb", "x:\ta", "x: \u{1B}", "x: \u{7F}", "x: é", "é: x",
    "x y: a",
    "x\"y: a", "x(y): a", "x/y: a", "x\u{0}: a",
  ])
  func aHeaderThatIsOutOfTheOrdinaryIsNotPlain(header: String) {
    let length = "content-length: 2"
    #expect(recognize(Requests.head("POST", "/huggy", headers: [length, header]) + "{}") == nil)
    #expect(recognize(Requests.head("POST", "/huggy", headers: [header, length]) + "{}") == nil)
  }

  @Test(arguments: 0..<sample.utf8.count - 14)
  func aByteThatHasNoPlaceInAHeadIsNotPlain(place: Int) {
    for byte in Array(0..<0x20) + [0x7F, 0x80, 0xC3, 0xFF] as [UInt8] {
      var bytes = Array(Self.sample.utf8)
      guard bytes[place] != byte else { continue }
      bytes[place] = byte
      #expect(PlainRequest(bytes: bytes) == nil, "\(byte)")
    }
  }

  @Test func linesThatEndWithABareLineFeedAreNotPlain() {
    #expect(recognize(Self.sample.replacing("\r\n", with: "\n")) == nil)
    for end in Self.sample.ranges(of: "\r\n") {
      #expect(recognize(Self.sample.replacingCharacters(in: end, with: "\n")) == nil)
      #expect(recognize(Self.sample.replacingCharacters(in: end, with: "\r")) == nil)
    }
  }

  @Test func tooManyHeadersAreNotPlain() {
    let most = RequestParser.maxHeaderFields - 2
    let headers = (1...most).map { "x-\($0): y" }
    #expect(recognize(Requests.post(headers: headers)) != nil)
    #expect(recognize(Requests.post(headers: headers + ["x: y"])) == nil)
  }

  @Test func aHeadThatIsTooLargeIsNotPlain() {
    let room = RequestParser.maxHeaderBytes - Requests.post(headers: ["x: "]).utf8.count + 2
    let most = String(repeating: "y", count: room)
    #expect(recognize(Requests.post(headers: ["x: \(most)"])) != nil)
    #expect(recognize(Requests.post(headers: ["x: \(most)y"])) == nil)
    #expect(recognize(Requests.post(headers: ["x: y"]) + most + most) != nil, "what follows is no head")
  }

  @Test func aRequestWithoutAHostIsNotPlain() {
    #expect(recognize("POST /huggy HTTP/1.1\r\ncontent-length: 0\r\n\r\n") == nil)
    #expect(recognize("POST /huggy HTTP/1.1\r\nhost:\r\ncontent-length: 0\r\n\r\n") != nil)
  }

  @Test func whereItCameFromIsFound() throws {
    let text = Requests.post(headers: ["user-AGENT: Huggy/1 (x)", "X-FORWARDED-FOR: 192.0.2.1, ::1"])
    let request = try #require(recognize(text))
    let bytes = Array(text.utf8)
    #expect(request.userAgent.map { String(decoding: bytes[$0], as: UTF8.self) } == "Huggy/1 (x)")
    #expect(request.forwardedFor.map { String(decoding: bytes[$0], as: UTF8.self) } == "192.0.2.1, ::1")
    #expect(recognize(Requests.post(headers: ["X-Forwarded-For: a", "X-Forwarded-For: b"])) == nil)
  }

  // MARK: The decoder's judgement

  @Test func theDecoderTakesWhateverIsPlainAndMakesTheSameOfIt() throws {
    var mutations = RequestMutations(seed: 7)
    var plain = 0
    for _ in 0..<2_000 {
      let bytes = mutations.next()
      guard let request = PlainRequest(bytes: bytes) else { continue }
      plain += 1
      let decoded = try DecodedRequest(bytes[..<request.body.upperBound])
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(decoded.method == request.method, "\(text)")
      #expect(decoded.path == String(decoding: bytes[request.path], as: UTF8.self), "\(text)")
      #expect(decoded.body == Array(bytes[request.body]), "\(text)")
    }
    #expect((400...1_600).contains(plain), "\(plain) of them are plain: the others are to be left out too")
  }

  @Test func theDecoderTakesTheLargestHeadThatIsPlain() throws {
    let room = RequestParser.maxHeaderBytes - Requests.post(headers: ["x: "]).utf8.count + 2
    let fields = (1...RequestParser.maxHeaderFields - 2).map { "x-\($0): y" }
    for headers in [["x: " + String(repeating: "y", count: room)], fields] {
      let bytes = Array(Requests.post(headers: headers).utf8)
      #expect(PlainRequest(bytes: bytes) != nil)
      #expect(try DecodedRequest(bytes[...]).body == Array("{}".utf8))
    }
    let path = "/" + String(repeating: "p", count: room + 10)
    let bytes = Array(Requests.post(path: path).utf8)
    #expect(PlainRequest(bytes: bytes) != nil)
    #expect(try DecodedRequest(bytes[...]).path == path)
  }
}

extension PlainRequest {
  fileprivate init?(bytes: [UInt8]) {
    guard let request = bytes.withUnsafeBytes({ PlainRequest($0) }) else { return nil }
    self = request
  }

  fileprivate func pathText(in text: String) -> String {
    String(decoding: Array(text.utf8)[path], as: UTF8.self)
  }

  fileprivate func bodyText(in text: String) -> String {
    String(decoding: Array(text.utf8)[body], as: UTF8.self)
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}

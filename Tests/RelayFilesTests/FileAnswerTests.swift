import NIOHTTP1
import RelayCore
import Testing

@testable import RelayFiles

@Suite struct FileAnswerTests {
  private static let hash = String(repeating: "ab", count: 32)

  private func answer(
    _ state: RelayCore.Attachment.State?, range: String? = nil, ifRange: String? = nil,
    _ method: FileRequest.Method = .get
  ) -> FileAnswer {
    let attachment = state.map { RelayCore.Attachment(event: EventID(high: 1, low: 2), place: 0, state: $0) }
    return FileAnswer(
      attachment, to: FileRequest(method: method, target: "/", range: range, ifRange: ifRange))
  }

  private func file(type: String? = "image/png", name: String? = "a.png", bytes: Int = 10)
    -> RelayCore.Attachment.State
  {
    .fetched(AttachmentFile(hash: Self.hash, bytes: bytes, contentType: type, name: name))
  }

  private func header(_ name: String, of answer: FileAnswer) -> String? {
    let values = answer.headers[name]
    return values.count == 1 ? values[0] : nil
  }

  @Test func aFileComesWithWhatIsKnownOfIt() {
    let answer = answer(file())
    #expect(answer.status == .ok)
    #expect(header("content-length", of: answer) == "10" && header("content-type", of: answer) == "image/png")
    #expect(
      header("etag", of: answer) == "\"\(Self.hash)\"" && header("accept-ranges", of: answer) == "bytes")
    #expect(header("content-disposition", of: answer) == "attachment; filename*=UTF-8''a.png")
    guard case .file(_, 0..<10) = answer.body else {
      Issue.record("the whole file is to be sent")
      return
    }
  }

  @Test(
    arguments: [
      (nil, 404, "not_found"), (.pending, 503, "pending"),
      (.failed(reason: "status 404"), 502, "fetch_failed"),
      (.ended, 410, "ended"),
    ] as [(RelayCore.Attachment.State?, UInt, String)])
  func whatIsNotThereIsSaidInJSON(state: RelayCore.Attachment.State?, status: UInt, code: String) {
    let answer = answer(state)
    #expect(answer.status.code == status)
    guard case .text(let bytes) = answer.body else {
      Issue.record("an error is to be sent")
      return
    }
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.hasPrefix(#"{"error":{"code":"\#(code)","message":""#))
    #expect(header("content-length", of: answer) == "\(bytes.count)")
    #expect((header("retry-after", of: answer) != nil) == (status == 503))
    if status == 502 { #expect(text.contains("status 404")) }
  }

  @Test func everyAnswerKeepsBrowsersFromRunningIt() {
    for answer in [answer(file()), answer(nil), answer(.pending), .forbidden, .ended, .notAllowed, .damaged] {
      #expect(header("x-content-type-options", of: answer) == "nosniff")
      #expect(header("content-security-policy", of: answer) == "sandbox; default-src 'none'")
      #expect(header("cache-control", of: answer) == "private, no-store")
    }
  }

  @Test func aRangeIsAPartOfTheSameFile() {
    let part = answer(file(), range: "bytes=2-4")
    #expect(part.status == .partialContent && header("content-range", of: part) == "bytes 2-4/10")
    #expect(header("content-length", of: part) == "3")
    let beyond = answer(file(), range: "bytes=10-")
    #expect(beyond.status == .rangeNotSatisfiable && header("content-range", of: beyond) == "bytes */10")
    #expect(header("content-disposition", of: beyond) == nil)
  }

  @Test func aPartOfAnotherFileIsNotGiven() {
    #expect(answer(file(), range: "bytes=2-4", ifRange: "\"\(Self.hash)\"").status == .partialContent)
    for tag in ["\"other\"", "W/\"\(Self.hash)\"", "Sun, 29 Nov 2026 00:00:00 GMT", Self.hash] {
      #expect(answer(file(), range: "bytes=2-4", ifRange: tag).status == .ok, "\(tag)")
    }
  }

  @Test(arguments: [
    nil, "", "text", "text/html\r\nx: y", "té/x", String(repeating: "a/", count: 101),
  ]) func aTypeThatNoHeaderMayHoldIsReplaced(type: String?) {
    #expect(header("content-type", of: answer(file(type: type))) == "application/octet-stream")
  }

  @Test(arguments: [
    (nil, "attachment"), ("", "attachment"), ("..", "attachment"), ("...a", "attachment; filename*=UTF-8''a"),
    ("a/../b c.pdf", "attachment; filename*=UTF-8''b%20c.pdf"),
    ("..\\x.exe", "attachment; filename*=UTF-8''x.exe"),
    ("é\"\r\nx: y", "attachment; filename*=UTF-8''%C3%A9%22x%3A%20y"),
  ]) func aNameIsNoPathAndEndsNoHeader(name: String?, expected: String) {
    #expect(header("content-disposition", of: answer(file(name: name))) == expected)
  }

  @Test func ofARequestWhatCountsIsTaken() {
    func request(_ method: HTTPMethod, _ headers: HTTPHeaders, _ version: HTTPVersion = .http1_1)
      -> FileRequest
    {
      FileRequest(HTTPRequestHead(version: version, method: method, uri: "/x?y", headers: headers))
    }
    #expect(request(.GET, [:]) == FileRequest(target: "/x?y"))
    #expect(request(.GET, ["range": "bytes=0-1"]).range == "bytes=0-1")
    #expect(request(.GET, ["range": "bytes=0-1", "Range": "bytes=2-3"]).range == nil)
    #expect(request(.HEAD, ["range": "bytes=0-1"]) == FileRequest(method: .head, target: "/x?y"))
    #expect(request(.POST, [:]).method == .other && request(.OPTIONS, [:]).method == .other)
    #expect(request(.GET, ["connection": "close"]).closes && request(.GET, [:], .http1_0).closes)
  }
}

import NIOCore
import NIOHTTP1
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct PresentRequestTests {
  let receiver = RecordingReceiver()

  private func plainHead(_ request: inout PresentRequest, _ text: String) throws -> RequestPart {
    try Array(text.utf8).withUnsafeBytes { bytes in
      let plain = try #require(PlainRequest(bytes))
      return request.plainHead(of: plain, in: bytes)
    }
  }

  @Test(arguments: [
    ("/huggy", "/huggy", IncomingRequest.Target.source), ("//hugg%79/", "/huggy", .source),
    ("/healthz/", "/healthz/", .health), ("/nowhere", "/nowhere", .unknown),
  ])
  func aPathIsASourceHoweverItIsSpelled(path: String, known: String, target: IncomingRequest.Target) {
    var request = PresentRequest()
    let found = request.begin(path: path, origin: .unknown, receiver)
    #expect(found == target)
    #expect(request.path == known)
    request.end()
    #expect(request.path.isEmpty)
  }

  @Test func aDecodedHeadIsRead() {
    var request = PresentRequest()
    let head = HTTPRequestHead(
      version: .http1_1, method: .PUT, uri: "/huggy?x=1",
      headers: ["Host": "relay", "User-Agent": "Huggy", "Content-Length": "3"])
    let decoded = request.begin(head, receiver)
    #expect(decoded.request.target == .source && decoded.request.body == .known(3))
    #expect(request.path == "/huggy")
    #expect(request.origin.userAgent == "Huggy")
  }

  @Test func oneSendersPathIsKeptBetweenPlainRequestsAndALongOneIsNot() throws {
    var request = PresentRequest()
    _ = try plainHead(&request, Requests.post("1"))
    #expect(request.keptPath == "/huggy")
    let long = "/" + String(repeating: "a", count: RequestPath.loggedBytes)
    let head = try plainHead(&request, Requests.post(path: long))
    #expect(request.keptPath == "/huggy")
    guard case .plainHead(let path, .post, bodyBytes: 2, _) = head else {
      Issue.record("\(head)")
      return
    }
    #expect(path == long)
  }

  /// It may have to wait behind another request.
  @Test func aPlainHeadThatIsRecognizedChangesNothingBeforeItsTurn() throws {
    var request = PresentRequest()
    _ = request.begin(path: "/nowhere", origin: .unknown, receiver)
    let head = try plainHead(&request, Requests.post(headers: ["User-Agent: Huggy"]))
    #expect(request.path == "/nowhere" && request.origin.userAgent == nil)
    guard case .plainHead(let path, let method, _, let origin) = head else {
      Issue.record("\(head)")
      return
    }
    #expect((path, method) == ("/huggy", .post))
    #expect(origin.userAgent == "Huggy")
  }
}

import RelayCore
import RelayPipeline

/// What the tests of sources and destinations look at; for the other doubles, too.
extension SourceOperations {
  func learnToken(of source: String, for duration: Duration) async throws(OperationError) -> SourceStatus {
    Samples.source(source, .learning)
  }

  func confirmToken(of source: String, candidate: String) async throws(OperationError) -> SourceStatus {
    Samples.source(source, .learned)
  }

  func forgetToken(of source: String) async throws(OperationError) -> SourceStatus {
    Samples.source(source, .closed)
  }

  func publish(
    _ envelope: [UInt8], to source: String, again: Bool
  ) async throws(OperationError) -> IngestReply { IngestReply(status: 200, body: envelope) }
}

extension DestinationTests {
  func test(
    _ destination: String, with sample: TestSample
  ) async throws(OperationError) -> TestReport { Samples.testReport(destination) }

  func sample(_ type: String) throws(OperationError) -> [UInt8] {
    Array(#"{"messages":{"\#(type)":[{}]}}"#.utf8)
  }
  var sampleTypes: [String] { ["createdChat", "closedChat"] }
}

extension NoticeOperations {
  func testNotice(to receiver: String) async throws(OperationError) -> NoticeTestReport {
    Samples.noticeTest(receiver)
  }
}

extension Samples {
  static func noticeTest(_ receiver: String, status: Int? = 503) -> NoticeTestReport {
    NoticeTestReport(
      receiver: receiver, format: .slack, method: "POST", body: Array(#"{"text":"a"}"#.utf8),
      reply: NoticeReply(
        status: status, body: status == nil ? [] : Array("no_service".utf8),
        failure: status == nil ? "connection refused" : nil))
  }

  static func source(_ name: String, _ token: TokenState) -> SourceStatus {
    var status = SourceStatus(name: name, path: "/\(name)-x", token: token, refused: 2)
    status.learning = LearningStatus(state: token)
    return status
  }

  static func candidate(_ id: String) -> LearningStatus.Candidate {
    LearningStatus.Candidate(
      id: id, maskedToken: "81…74 (32 characters)",
      origin: TokenOrigin(peer: "127.0.0.1", forwardedFor: "203.0.113.9", userAgent: "GuzzleHttp/7"),
      firstAt: time(60), lastAt: time(30), count: 2)
  }

  static func testReport(_ destination: String) -> TestReport {
    TestReport(
      destination: destination, eventType: "createdChat", url: "https://crm.example/hooks",
      body: Array("{}".utf8),
      probe: ProbeReport(
        sentHeaders: [.init("webhook-id", "evt_1")],
        answer: .init(status: 422, headers: [.init("x-a", "b")], body: Array("no".utf8), bodyBytes: 2_048),
        times: .init(nameLookup: .microseconds(1_500), total: .milliseconds(12)), peer: "192.0.2.1:443",
        certificate: .init(subject: "CN=crm", end: time(-10 * 86_400 - 60), chainLength: 3)))
  }
}

import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// Sources, and the request that tries a destination, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct SourceEndpointTests {
  @Test(arguments: [
    (#"{"learn_for":"15m"}"#, "learning"), (#"{"confirm":"c1"}"#, "learned"), (#"{"forget":true}"#, "closed"),
  ])
  func eachWishIsCarriedOut(_ body: String, _ token: String) async throws {
    try await withServer { server in
      let answer = try await server.post("/api/v1/sources/huggy/token", body)
      #expect(answer.status == 200 && answer.body.contains(#""name":"huggy""#))
      #expect(answer.body.contains(#""token":"\#(token)""#), "\(answer.body)")
    }
  }

  /// Broken by an empty body that opens a window, or forgets.
  @Test(arguments: [
    "{}", #"{"forget":false}"#, #"{"learn_for":"15m","forget":true}"#, #"{"learn_for":"15"}"#,
    #"{"learn_for":"25h"}"#, #"{"learn_for":"500ms"}"#, #"{"learn":"15m"}"#,
  ])
  func anyOtherWishIsRefused(_ body: String) async throws {
    try await withServer { server in
      let answer = try await server.post("/api/v1/sources/huggy/token", body)
      #expect(answer.status == 400 && answer.body.contains("invalid_request"), "\(answer.body)")
    }
  }

  /// Broken by what reads the envelope's JSON and writes it anew.
  @Test func anEnvelopesBytesComeThroughAsTheyAre() async throws {
    try await withServer { server in
      let answer = try await server.post(
        "/api/v1/sources/huggy/publish", #"{"envelope":"{ \"a\": 1.50, \"b\":\"\\u00e9\" }"}"#)
      #expect(answer.body == #"{ "a": 1.50, "b":"\u00e9" }"#)
    }
  }

  /// Broken by fields that do not say that they are contents.
  @Test func whatIsSentIsNotInTheAudit() throws {
    var publish = PublishInput()
    (publish.envelope, publish.again) = ("Maria", true)
    var test = TestInput()
    (test.event, test.type) = ("Maria", "closedChat")
    #expect(try RecordEncoder.audit(publish) == Array(#"{"again":true}"#.utf8))
    #expect(try RecordEncoder.audit(test) == Array(#"{"type":"closedChat"}"#.utf8))
  }

  @Test(arguments: [
    "{}", #"{"envelope":"{}","type":"a"}"#, #"{"event":"{}"}"#, #"{"type":"a","number":1}"#,
    #"{"envelope":"{}","number":0}"#,
  ])
  func aTestOfNothingCertainIsRefused(_ body: String) async throws {
    try await withServer { server in
      let answer = try await server.post("/api/v1/destinations/crm/test", body)
      #expect(answer.status == 400)
    }
  }

  @Test func whatIsToBeSentIsSaidInThreeWays() throws {
    var input = TestInput()
    input.envelope = "{}"
    #expect(try input.sample() == .envelope(Array("{}".utf8), event: 1))
    input.number = 3
    #expect(try input.sample() == .envelope(Array("{}".utf8), event: 3))
    input = TestInput()
    input.type = "closedChat"
    #expect(try input.sample() == .madeUp(type: "closedChat"))
    input.event = "[]"
    #expect(try input.sample() == .event(Array("[]".utf8), type: "closedChat"))
  }

  @Test func aTestsAnswerHasTheDocumentedShape() async throws {
    try await withServer { server in
      let answer = try await server.post("/api/v1/destinations/crm/test", #"{"type":"createdChat"}"#)
      #expect(
        answer.body
          == #"{"destination":"crm","type":"createdChat","delivered":false,"request":{"method":"POST","#
          + #""url":"https://crm.example/hooks","headers":[{"name":"webhook-id","value":"evt_1"}],"body":"{}"},"#
          + #""answer":{"status":422,"headers":[{"name":"x-a","value":"b"}],"body":"no","body_bytes":2048},"#
          + #""error":null,"times":{"name_ms":1.5,"connect_ms":null,"tls_ms":null,"first_byte_ms":null,"total_ms":12},"#
          + #""peer":"192.0.2.1:443","certificate":{"subject":"CN=crm","ends":"2026-01-12T03:05:05.678Z","chain_length":3}}"#
      )
    }
  }

  @Test func theStatusTellsHowItStandsWithEachSource() async throws {
    var status = SourceStatus(
      name: "huggy", path: "/huggy-x", token: .candidates, lastHandshake: Samples.time(30), refused: 4)
    status.refusals = [
      RefusalCount(reason: .unauthorized, count: 3), RefusalCount(reason: .tooLarge, count: 1),
    ]
    status.learning = LearningStatus(
      state: .candidates, until: Samples.time(-600), candidates: [Samples.candidate("c1")])
    status.silence = SourceSilence(since: Samples.time(60))
    let operations = FakeOperations { [status] in
      $0.status.sources = [status, SourceStatus(name: "app", path: "/app", token: .configured)]
    }
    try await withServer(operations) { server in
      let body = try await server.get("/api/v1/status").body
      let told = """
        "sources":[{"name":"huggy","path":"/huggy-x","token":"candidates","last_handshake":"2026-01-02T03:03:35.678Z",\
        "last_envelope":null,"silent":true,"silent_since":"2026-01-02T03:03:05.678Z","refused":4,"refused_by":[{"reason":"unauthorized","count":3},{"reason":"too_large","count":1}],\
        "learning_until":"2026-01-02T03:14:05.678Z","learned_at":null,"ambiguous":false,\
        "candidates":[{"id":"c1","token":"81…74 (32 characters)","peer":"127.0.0.1","forwarded_for":"203.0.113.9",\
        "agent":"GuzzleHttp/7","first_at":"2026-01-02T03:03:05.678Z","last_at":"2026-01-02T03:03:35.678Z","count":2}]},\
        {"name":"app","path":"/app","token":"configured",
        """
      #expect(body.contains(told), "\(body)")
    }
  }

  // MARK: Words

  private func listed(_ change: (inout SourceStatus) -> Void) -> String {
    var status = SourceStatus(name: "huggy", path: "/huggy-x", token: .closed)
    change(&status)
    return SourcesText.render([SourceAnswer(status)], now: Samples.now, pen: Pen(usesColours: false))
  }

  @Test func whyRequestsWereRefusedStandsBesideHowMany() {
    let text = listed {
      $0.refused = 1_205
      $0.refusals = [
        RefusalCount(reason: .unauthorized, count: 1_204), RefusalCount(reason: .unavailable, count: 1),
      ]
    }
    #expect(text.contains("1,205  unauthorized 1,204, unavailable 1  -"), "\(text)")
  }

  @Test func whatToDoStandsBelow() {
    #expect(listed { _ in }.contains("huggy-relay token learn huggy --for 15m"))
    let one = listed {
      $0.token = .candidates
      $0.learning = LearningStatus(state: .candidates, candidates: [Samples.candidate("c1")])
    }
    #expect(one.contains("203.0.113.9 by 127.0.0.1") && one.contains("--confirm c1"), "\(one)")
    let two = listed {
      $0.token = .candidates
      $0.learning = LearningStatus(
        state: .candidates, isAmbiguous: true, candidates: [Samples.candidate("c1"), Samples.candidate("c2")])
    }
    #expect(two.contains("neither can be confirmed") && !two.contains("--confirm"))
    #expect(listed { $0.token = .configured }.split(separator: "\n").count == 2, "a table, and nothing to do")
  }

  @Test func aTestIsShownAsItWasSentAndAnswered() {
    let text = TestText.render(
      TestAnswer(Samples.testReport("crm")), now: Samples.now, pen: Pen(usesColours: false))
    #expect(
      text == """
        POST https://crm.example/hooks
        webhook-id: evt_1

        {}

        status 422: an event that is answered so is not delivered
        x-a: b

        no
        (the first KiB of 2 KiB)

        192.0.2.1:443  name 1.5 ms, done 12 ms
        certificate of CN=crm ends on 2026-01-12T03:05:05.678Z, in 10 days (the first of 3)
        """)
  }
}

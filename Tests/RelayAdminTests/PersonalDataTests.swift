import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// Erasing, exporting, and an event's bytes, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct PersonalDataTests {
  // MARK: Erasing

  @Test func anErasureIsBegunAndAskedForByItsID() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post(
        "/api/v1/erase",
        #"{"where":["customer.mobile=5575"],"chat":"7","reason":"ticket 1"}"#)
      #expect(answer.status == 202)
      #expect(answer.body.hasPrefix(#"{"id":"erase_1","state":"running","dry_run":false,"#))
      operations.state.withLock { $0.erasure.state = .done }
      let later = try await server.get("/api/v1/erase/erase_1")
      #expect(later.body.contains(#""state":"done""#))
      let unknown = try await server.get("/api/v1/erase/erase_2")
      #expect(unknown.status == 404)
    }
    let expected = ErasureRequest(
      conditions: [BodyCondition("customer.mobile=5575")!], filter: EventFilter(chats: ["7"]))
    #expect(operations.calls == [.erase(expected, audit: AuditID(rawValue: 1))])
    // What came of it is kept by whoever carries it out.
    #expect(operations.state.withLock { $0.audit.map(\.outcome) } == [nil])
  }

  @Test(arguments: [
    (#"{"reason":"x"}"#, "which events"), (#"{"where":["a=1"]}"#, "reason"),
    (#"{"where":["Ana"],"reason":"x"}"#, "PATH=VALUE"), (#"{"where":["=Ana"],"reason":"x"}"#, "PATH=VALUE"),
    (#"{"where":["a=55*"],"reason":"x"}"#, "wildcards"), (#"{"where":["a=null"],"reason":"x"}"#, "wildcards"),
    (#"{"where":["a=?"],"reason":"x"}"#, "wildcards"), (#"{"ids":["7"],"reason":"x"}"#, "event's id"),
    (#"{"where":["a=1"],"reason":"x","type":"b"}"#, "type"),
  ])
  func whatCouldBeASlipErasesNothing(body: String, problem: String) async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/erase", body)
      #expect(answer.status == 400)
      #expect(answer.body.contains(problem), "\(answer.body)")
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func aWildcardThatIsMeantAsItStandsIsErased() throws {
    var input = ErasureInput()
    input.where = ["text=really[?]"]
    #expect(input.problem(now: Samples.now) == nil)
  }

  /// Whether something stands in bodies is a look at contents: that it was counted is kept.
  @Test func whatCountsNeedsNoReason() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/erase", #"{"where":["a=1"],"dry_run":true}"#)
      #expect(answer.status == 202)
    }
    #expect(
      operations.calls == [
        .erase(
          ErasureRequest(conditions: [BodyCondition("a=1")!], isDryRun: true), audit: AuditID(rawValue: 1))
      ])
  }

  // MARK: An event

  @Test func anEventsBytesComeAloneAndAsTheyAre() async throws {
    let body = "{\"a\" : 1e400,\n\"b\":\"\\u00e7\"}"
    let operations = FakeOperations { $0.events[Samples.eventID] = Samples.event(body: body) }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/events/\(Samples.eventID)/body")
      #expect(answer.status == 200)
      #expect(answer.body == body)
    }
  }

  @Test func aBodyThatIsGoneIsToldWithItsReason() async throws {
    let operations = FakeOperations { state in
      var report = Samples.event(body: "")
      report.event.erasedAt = Samples.time(60)
      state.events[Samples.eventID] = report
    }
    try await withServer(operations) { server in
      let path = "/api/v1/events/\(Samples.eventID)"
      let erased = try await server.get(path)
      #expect(erased.body.contains(#""body":null,"body_removed":"erased","erased_at":""#))
      let body = try await server.get(path + "/body")
      #expect(body.status == 410)
      #expect(body.body.contains("erased"))
      operations.state.withLock { $0.events[Samples.eventID]?.event.erasedAt = nil }
      let unrouted = try await server.get(path)
      #expect(unrouted.body.contains(#""body":null,"body_removed":"unrouted_retention","erased_at":null"#))
    }
  }

  /// What is sent in headers is what a viewer sees of the event anyway; what the configuration adds is masked where it is kept. What
  /// the destination answered is contents.
  @Test func aViewerSeesTheHeadersThatWereSentAndNotThoseThatWereAnswered() async throws {
    var failure = Samples.failure(1, status: 422, answer: "no Maria here")
    failure.evidence.requestHeaders = Array("Host: crm\nhuggy-company: 15691\nx-team: [secret]".utf8)
    failure.evidence.answerHeaders = Array("x-customer: Maria".utf8)
    let report = Samples.event([
      Samples.delivery(.dead) {
        $0.failures = [failure]
        $0.failureCount = 1
      }
    ])
    let operations = FakeOperations { $0.events[Samples.eventID] = report }
    try await withServer(operations, people: AdminToken.ofEachRole) { server in
      let path = "/api/v1/events/\(Samples.eventID)"
      let viewers = try await server.get(path, headers: ["Authorization: Bearer viewer"]).body
      #expect(viewers.contains(#""request_headers":["Host: crm","huggy-company: 15691","x-team: [secret]"]"#))
      #expect(viewers.contains(#""answer_headers":null"#) && !viewers.contains("Maria"))
      let readers = try await server.get(path, headers: ["Authorization: Bearer reader"]).body
      #expect(readers.contains(#""answer_headers":["x-customer: Maria"]"#))
    }
  }

  // MARK: Exporting

  @Test func anExportIsALineForEachEventPageByPage() async throws {
    let plain = Samples.event(body: #"{"a":1}"#, [Samples.delivery(.delivered)]).event
    let broken = Samples.event(body: "{\r\n\"a\":\"\\n\"}").event
    let gone = Samples.event(body: "").event
    let operations = FakeOperations { state in
      state.events[Samples.eventID] = Samples.event()
      state.pages = [
        EventPage(events: [plain], next: EventCursor(rawValue: 5), reached: nil),
        EventPage(events: [], next: EventCursor(rawValue: 6), reached: nil),
        EventPage(events: [broken, gone], next: nil, reached: nil),
      ]
    }
    try await withServer(operations) { server in
      let answer = try await server.get("/api/v1/export?type=received*&after=\(Samples.eventID)")
      #expect(answer.status == 200)
      #expect(answer.header("content-type") == "application/x-ndjson")
      // Between them stand the lengths of the pieces.
      let lines = answer.body.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("{") }
      try #require(lines.count == 3)
      #expect(lines[0].contains(#""body":{"a":1},"deliveries":[{"id":41,"#))
      #expect(lines[1].contains(#""body":{  "a":"\n"},"body_text":"{\r\n\"a\":\"\\n\"}""#))
      #expect(lines[2].contains(#""body":null"#))
    }
    let requests = operations.calls.compactMap { call -> EventPageRequest? in
      if case .exported(let request) = call { request } else { nil }
    }
    #expect(requests.map(\.after?.rawValue) == [12, 5, 6])
    #expect(requests.allSatisfy { $0.order == .oldestFirst && $0.withBodies })
    #expect(requests.first?.filter.types.map(\.source) == ["received*"])
  }

  @Test func anExportThatGoesOnAfterWhatIsNotThereIsRefused() async throws {
    try await withServer(FakeOperations()) { server in
      let unknown = try await server.get("/api/v1/export?after=\(Samples.eventID)")
      let wrong = try await server.get("/api/v1/export?after=7")
      #expect((unknown.status, wrong.status) == (404, 400))
    }
  }
}

/// What a ticket is given.
struct EventMarkdownTests {
  private func markdown(_ report: EventReport, body: [UInt8]? = nil, showsAnswers: Bool = false) -> String {
    EventMarkdown.render(EventAnswer(report), body: body, showsAnswers: showsAnswers, now: Samples.now)
  }

  private var report: EventReport {
    Samples.event([
      Samples.delivery(.delivered, id: 40, to: "bi", attempts: 1),
      Samples.delivery(.dead, attempts: 2) {
        $0.deathReason = .permanent
        $0.failures = [
          Samples.failure(1, status: 503), Samples.failure(2, status: 410, answer: "no ```such``` one"),
        ]
        $0.failureCount = 2
      },
    ])
  }

  @Test func itHasTheFactsATableAndWhatFailedWithoutTheBody() {
    let text = markdown(report)
    #expect(text.hasPrefix("## receivedAllMessage `\(Samples.eventID)`\n\n- **Received:** "))
    #expect(text.contains("| bi | delivered | 1 |"))
    #expect(text.contains("| crm | dead \\(permanent\\) | 2 |"))
    #expect(text.contains("\n### crm\n\ngiven up"))
    #expect(text.contains("- attempt 2 at "))
    #expect(!text.contains("### bi") && !text.contains("Body") && !text.contains("such"))
  }

  @Test func theBodyAndTheAnswersAreShownWhereTheyAreAskedForInFencesThatHold() {
    let text = markdown(report, body: Array(#"{"id":1}"#.utf8), showsAnswers: true)
    #expect(text.contains("````\nno ```such``` one\n````"))
    #expect(text.hasSuffix("### Body\n\n```json\n{\"id\":1}\n```"))
  }

  @Test func whatASenderWroteIsNoMarkdown() {
    var report = Samples.event()
    report.event.type = "a|b\n# c <img>"
    report.event.channel = "[x](http://evil)"
    let text = markdown(report)
    #expect(text.hasPrefix(#"## a\|b"#))
    #expect(text.contains(#"\<img\>"#) && text.contains(#"\[x\]\(http"#))
    #expect(!text.contains("\n# c"))
  }

  @Test func anErasedEventSaysSo() {
    var report = Samples.event(body: "")
    report.event.erasedAt = Samples.time(60)
    #expect(markdown(report).contains("- **Body:** erased"))
    let text = EventText.render(EventAnswer(report), now: Samples.now, pen: Pen(usesColours: false))
    #expect(text.contains("what it said is gone for good"))
    #expect(!text.contains("explain"), "no route can be asked about a body that is gone")
  }
}

import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// One request to a destination, outside its queue.
@Suite(.timeLimit(.minutes(15))) struct DestinationTesterTests {
  private static let envelope = Array(
    #"{"time":5,"messages":{"createdChat":[{"id":1}],"newMessage":[{"id":2,"chat":{"id":9}}]},"token":"s3cret-token"}"#
      .utf8)

  @Test func theEventIsSentAsADeliveryOfItWouldBeAndMarked() async throws {
    let prober = ScriptedProber()
    let middle = try await Middle(
      .middle { $0.destination("crm") { $0.forwardsToken = true } }, prober: prober)
    let report = try await middle.controller.test("crm", with: .envelope(Self.envelope, event: 2))
    #expect(report.eventType == "newMessage" && report.probe.isSuccess)
    let request = try #require(prober.requests.first)
    #expect(request.header("huggy-relay-test") == "true")
    #expect(request.header("huggy-event") == "newMessage" && request.header("huggy-source") == "closed")
    #expect(request.header("webhook-id")?.hasPrefix("evt_") == true)
    #expect(request.header("huggy-relay-attempt") == "1")
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == #"{"time":5,"messages":{"newMessage":[{"id":2,"chat":{"id":9}}]},"token":"s3cret-token"}"#)
    #expect(!String(decoding: report.body, as: UTF8.self).contains("s3cret"), "what is shown has no secrets")
  }

  /// Broken by anything that goes through the lane, the engine or the store.
  @Test func neitherTheQueueNorTheBooksNorTheMetricsNoticeIt() async throws {
    let prober = ScriptedProber { _ in .answered(500) }
    let middle = try await Middle(
      .middle { $0.destination("crm") { $0.circuit.failures = 1 } }, prober: prober)
    let before = try await middle.metricsText()
    let status = try await middle.status().destinations
    for _ in 0..<5 { _ = try await middle.controller.test("crm", with: .madeUp(type: "createdChat")) }
    await middle.rest()
    #expect(prober.requests.count == 5)
    #expect(middle.inFlight.isEmpty)
    #expect(try await middle.status().destinations == status)
    let after = try await middle.metricsText()
    func counters(_ text: String) -> [Substring] {
      text.split(separator: "\n").filter { $0.contains("_total{") || $0.contains("pending") }
    }
    #expect(counters(before) == counters(after))
  }

  @Test func itIsSentWhileTheDestinationIsPaused() async throws {
    let prober = ScriptedProber()
    let middle = try await Middle(
      .middle { $0.destination("crm") { $0.pausedAt = "routes.yaml:3" } }, prober: prober)
    _ = try await middle.controller.test("crm", with: .madeUp(type: "createdChat"))
    #expect(prober.requests.count == 1)
  }

  @Test func aLoneEventAndOneThatIsMadeUpAreSentToo() async throws {
    let prober = ScriptedProber()
    let middle = try await Middle(.middle { $0.destination("crm") { $0.format = .event } }, prober: prober)
    _ = try await middle.controller.test("crm", with: .event(Array(#"{"id": 1.50}"#.utf8), type: "myType"))
    _ = try await middle.controller.test("crm", with: .madeUp(type: "receivedMessage"))
    #expect(prober.requests.map { $0.header("huggy-event") } == ["myType", "receivedMessage"])
    #expect(
      prober.requests.map(\.body) == [
        Array(#"{"id": 1.50}"#.utf8), Array(#"{"id":2,"company":{"id":"7"}}"#.utf8),
      ])
    #expect(prober.requests[1].header("huggy-company") == "7")
  }

  @Test(arguments: [
    (TestSample.envelope(Array("[]".utf8), event: 1), "no envelope"),
    (.envelope(Array(#"{"messages":{}}"#.utf8), event: 1), "no event"),
    (.envelope(Array(#"{"messages":{"a":[{}]}}"#.utf8), event: 2), "no event 2"),
    (.event(Array("1".utf8), type: "a"), "no event"),
    (.madeUp(type: "createdChatt"), "createdChat"),
  ])
  func whatHoldsNoSuchEventSaysSo(_ sample: TestSample, _ words: String) async throws {
    let middle = try await Middle(.middle())
    let refusal = await #expect(throws: OperationError.self) {
      try await middle.controller.test("crm", with: sample)
    }
    #expect(refusal?.code == .invalidSample && refusal?.message.contains(words) == true, "\(refusal as Any)")
  }

  @Test func aSampleHoldsNoSourcesToken() async throws {
    let middle = try await Middle(.middle())
    let sample = try middle.controller.sample("receivedMessage")
    #expect(middle.controller.sampleTypes == OneSample().types)
    #expect(sample == OneSample().envelope(with: "receivedMessage", token: "sample", at: .epoch))
    #expect(throws: OperationError.self) { try middle.controller.sample("noSuchType") }
  }

  @Test func whatIsShownHasNoSecrets() async throws {
    let prober = ScriptedProber { _ in
      .answered(
        401, headers: [.init("Set-Cookie", "session=1"), .init("X-Echo", "Bearer hunter2-hunter2")],
        body: "you sent hunter2-hunter2",
        sent: [
          .init("authorization", "Bearer hunter2-hunter2"), .init("x-key", "short"),
          .init("huggy-event", "a"),
        ])
    }
    let middle = try await Middle(
      .middle {
        $0.destination("crm") {
          $0.url = Secret("https://user:pw@crm.example/hooks/T0123456789ABCDEF0123?key=abc#x")
          $0.authorization = .bearer(Secret("hunter2-hunter2"))
          $0.headers = [.init(name: "X-Key", value: Secret("short"))]
        }
      }, prober: prober)
    let report = try await middle.controller.test("crm", with: .madeUp(type: "createdChat"))
    #expect(report.url == "https://[secret]@crm.example/hooks/[secret]?key=[secret]")
    #expect(report.probe.sentHeaders.map(\.value) == ["[secret]", "[secret]", "a"])
    #expect(report.probe.answer?.headers.map(\.value) == ["[secret]", "Bearer [secret]"])
    #expect(report.probe.answer?.body == Array("you sent [secret]".utf8))
    #expect(!"\(report)".contains("hunter2"))
  }

  /// Each has a thread that waits.
  @Test func onlySoManyAreUnderWayAndOneThatEndsMakesRoom() async throws {
    let isOpen = Monitor(false)
    let numbers = Locked(0)
    let waiting = Tally()
    let prober = ScriptedProber { _ in
      let number = numbers.withLock {
        $0 += 1
        return $0
      }
      // One more than there may be would be answered at once.
      if number <= DestinationTester.maxUnderWay {
        waiting.add()
        isOpen.wait { $0 ? .done(()) : .sleep(nil) }
      }
      return .answered(200)
    }
    let middle = try await Middle(.middle(), prober: prober)
    let controller = middle.controller
    let test = { @Sendable in try await controller.test("crm", with: .madeUp(type: "createdChat")) }
    try await withThrowingTaskGroup(of: TestReport.self) { group in
      for _ in 0..<DestinationTester.maxUnderWay { group.addTask { try await test() } }
      await waiting.reach(DestinationTester.maxUnderWay)
      let refusal = await #expect(throws: OperationError.self) { try await test() }
      isOpen.update { $0 = true }
      #expect(refusal?.code == .conflict)
      for try await report in group { #expect(report.probe.isSuccess) }
    }
    for _ in 0..<2 * DestinationTester.maxUnderWay { #expect(try await test().probe.isSuccess) }
  }

  @Test func aDestinationThatThereIsNotIsNotFound() async throws {
    let middle = try await Middle(.middle())
    let refusal = await #expect(throws: OperationError.self) {
      try await middle.controller.test("crmm", with: .madeUp(type: "createdChat"))
    }
    #expect(refusal?.code == .notFound && refusal?.message.contains("crm") == true)
  }
}

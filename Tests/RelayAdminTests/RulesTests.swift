import Logging
import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What can be asked about rules, and who may.
@Suite struct RulesTests {
  /// As the listener does, once it has admitted a request.
  private func ask(
    _ path: String, _ body: String? = nil, as role: Role = .admin, _ operations: FakeOperations
  ) async throws -> String {
    let endpoint = try #require(
      EndpointTable.relay.place(at: path)?.endpoint(for: body == nil ? "GET" : "POST"))
    let services = AdminServices(
      relay: operations, access: AdminAccess(), clock: FixedClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    do {
      let response = try await endpoint.perform(
        AdminRequest(caller: Caller(name: "ana", role: role), body: Array((body ?? "").utf8)), services)
      guard case .whole(let bytes) = response.body else { return "" }
      return String(decoding: bytes, as: UTF8.self)
    } catch let error as APIError {
      return "\(error.status) \(error.code): \(error.message)"
    }
  }

  @Test func aSampleIsMadeUpForWhoMayNotSeeContents() async throws {
    #expect(
      try await ask("/api/v1/samples", nil, as: .viewer, FakeOperations())
        == #"{"types":["createdChat","closedChat"],"envelope":null}"#)
  }

  @Test func theConfigurationIsShownAsJSONAndAsYAML() async throws {
    #expect(
      try await ask("/api/v1/config", nil, FakeOperations())
        == #"{"hash":"0123456789ab","loaded_at":"2026-01-02T03:04:05.678Z","configuration":{"server":{"max_connections":7},"#
        + #""routes":[{"name":"all","to":"crm"}]},"yaml":"server:\n  max_connections: 7\nroutes:\n  - name: all\n    to: crm\n"}"#
    )
  }

  @Test func aDifferenceIsToldKeyByKey() async throws {
    let operations = FakeOperations()
    operations.rules.state.withLock {
      $0.comparison.differences = [
        ConfigurationDifference(path: "server.drain", kind: .changed, old: "20s", new: "5s"),
        ConfigurationDifference(path: "routes.x", kind: .removed, old: "{ drop: true }", new: nil),
      ]
      $0.comparison.needsRestart = ["server.drain"]
      $0.comparison.notCompared = ["sources.huggy.token"]
    }
    #expect(
      try await ask("/api/v1/config/diff", #"{"configuration":"routes: []"}"#, operations)
        == #"{"hash":"fedcba987654","running_hash":"0123456789ab","unchanged":false,"differences":["#
        + #"{"key":"server.drain","change":"changed","old":"20s","new":"5s","needs_restart":true},"#
        + #"{"key":"routes.x","change":"removed","old":"{ drop: true }","new":null,"needs_restart":false}],"#
        + #""not_compared":["sources.huggy.token"],"needs_restart":["server.drain"],"warnings":[]}"#)
    _ = try await ask("/api/v1/config/diff", "{}", operations)
    #expect(operations.rules.calls == [.difference("routes: []"), .difference(nil)])
  }

  @Test func anEventOrAnEnvelopeIsExplainedButNotBoth() async throws {
    let operations = FakeOperations()
    let id = Samples.eventID
    #expect(
      try await ask("/api/v1/explain", #"{"event":"\#(id)"}"#, operations).hasPrefix("404 not_found"))
    _ = try await ask("/api/v1/explain", #"{"envelope":{"messages":{"a":[{"b":1.5}]}}}"#, operations)
    _ = try await ask("/api/v1/explain", #"{"envelope":" {}","configuration":"x"}"#, operations)
    #expect(
      operations.rules.calls == [
        .explainEvent(id, by: nil),
        .explainEnvelope(Array(#"{"messages":{"a":[{"b":1.5}]}}"#.utf8), by: nil),
        .explainEnvelope(Array(" {}".utf8), by: "x"),
      ])
    for body in ["{}", #"{"event":"\#(id)","envelope":"{}"}"#, #"{"event":"x"}"#, #"{"envelope":[]}"#] {
      #expect(try await ask("/api/v1/explain", body, operations).hasPrefix("400 invalid_request"), "\(body)")
    }
  }

  @Test func anExplanationHasTheDocumentedShape() async throws {
    let operations = FakeOperations()
    operations.rules.state.withLock {
      $0.explained = ExplainReport(
        hash: "0123456789ab", routes: [Route(name: "all", action: .drop)], source: "huggy", events: [])
    }
    #expect(
      try await ask("/api/v1/explain", #"{"event":"\#(Samples.eventID)"}"#, operations)
        == #"{"hash":"0123456789ab","source":"huggy","token_valid":true,"handshake":false,"events":[],"batches":[],"rejected":[]}"#
    )
  }

  /// Broken by one that no event of the envelope goes to, or by one without a batch.
  @Test func explainSaysWhichOfTheDestinationsTakeSeveralEventsInOneRequest() throws {
    var configuration = Configuration(
      sources: [Source(name: "huggy")],
      destinations: ["crm", "bi", "erp"].map { Destination(name: $0, url: Secret("http://\($0)/")) },
      routes: [Route(name: "all", action: .deliver(to: ["crm", "bi"]))])
    configuration.destinations[1].batch = BatchPolicy(maxEvents: 20, maxBytes: 1 << 20, maxWait: .seconds(2))
    configuration.destinations[2].batch = BatchPolicy()
    func answer() throws -> ExplainAnswer {
      let explained = try Explainer(configuration, at: .epoch).explain(
        Array(#"{"messages":{"a":[{}]}}"#.utf8))
      return ExplainAnswer(ExplainReport(explained, by: configuration))
    }
    let batches = try answer().batches
    #expect(batches.map(\.destination) == ["bi"])
    #expect(batches.first?.batch.maxEvents == 20 && batches.first?.batch.maxBytes == 1 << 20)
    #expect(batches.first?.batch.maxWaitMs == 2_000)
    let text = try ExplainText.render(answer())
    #expect(
      text.hasSuffix(
        "  → crm, bi\n\nbi: up to 20 events or 1MiB in a request, for which a fresh one waits up to 2s"),
      "\(text)")
    configuration.destinations[1].batch = BatchPolicy()
    let plain = try ExplainText.render(answer())
    #expect(plain.hasSuffix("\nbi: up to 50 events or 96KiB in a request"), "\(plain)")
    configuration.destinations[1].batch = nil
    let none = try ExplainText.render(answer())
    #expect(none.hasSuffix("  → crm, bi"), "\(none)")
  }

  @Test func aBacktestAsksForAPartAndSaysWhereToGoOn() async throws {
    let operations = FakeOperations()
    operations.rules.state.withLock {
      $0.backtest.counts.events = 7
      $0.backtest.destinations = [DestinationChanges(name: "crm")]
      $0.backtest.next = EventCursor(rawValue: 41)
      $0.backtest.examples = [
        RoutingChange(
          kind: .lost, destination: "crm", event: Samples.eventID, type: "a", receivedAt: Samples.now,
          route: "r", because: "gone")
      ]
    }
    let answer = try await ask(
      "/api/v1/backtest",
      #"{"configuration":"x","type":"*Chat","limit":500,"examples":1,"after":"99"}"#, operations)
    for part in [
      #""events":7,"#, #"{"name":"crm","sent":0,"running":0,"new":0,"gained":0,"lost":0}"#, #""next":"41""#,
      #"{"change":"lost","destination":"crm","event":"\#(Samples.eventID)","type":"a","#,
      #""company":null,"route":"r","because":"gone"}"#,
    ] {
      #expect(answer.contains(part), "\(part) in \(answer)")
    }
    let filter = EventFilter(types: [WildcardPattern("*Chat", ignoringCase: true)])
    #expect(
      operations.rules.calls == [
        .backtest(
          BacktestRequest(
            configuration: "x", filter: filter, after: EventCursor(rawValue: 99), maxEvents: 500, examples: 1)
        )
      ])
  }

  @Test func rulesAreForOperatorsAndEventsForReaders() async throws {
    let operations = FakeOperations()
    let event = #"{"event":"\#(Samples.eventID)","configuration":"x"}"#
    #expect(
      try await ask("/api/v1/explain", event, as: .reader, operations).hasPrefix("403 forbidden_role"))
    #expect(operations.rules.calls.isEmpty)
    let roles = ["config", "config/diff", "explain", "backtest"].compactMap { name in
      EndpointTable.relay.place(at: "/api/v1/\(name)")?.endpoints.first?.role
    }
    #expect(roles == [.reader, .operator, .reader, .operator])
  }

  /// Broken by a field of a request that is not marked as contents.
  @Test func noAuditKeepsAnEnvelopeOrAConfiguration() throws {
    var explain = ExplainInput()
    explain.envelope = EnvelopeInput(Array("{}".utf8))
    explain.configuration = "sources: { huggy: { token: t0p } }"
    #expect(String(decoding: try RecordEncoder.audit(explain), as: UTF8.self) == "{}")
    #expect(String(decoding: try RecordEncoder.request(explain), as: UTF8.self).contains("t0p"))
    var backtest = BacktestInput()
    (backtest.configuration, backtest.limit) = (explain.configuration, 7)
    #expect(String(decoding: try RecordEncoder.audit(backtest), as: UTF8.self) == #"{"limit":7}"#)
  }

  @Test func partsOfABacktestAddUp() throws {
    func part(_ gained: Int, _ examples: Int, next: Int64?, hash: String = "a") -> BacktestAnswer {
      var report = BacktestReport(hash: hash, runningHash: "b")
      report.counts.events = 10
      report.destinations = [DestinationChanges(name: "crm")]
      report.destinations[0].gained = gained
      report.examples = (0..<examples).map { _ in
        RoutingChange(
          kind: .gained, destination: "crm", event: Samples.eventID, type: "a", receivedAt: Samples.now,
          route: "r", because: "")
      }
      report.next = next.map { EventCursor(rawValue: $0) }
      return BacktestAnswer(report)
    }
    var sum = BacktestSum(examples: 3)
    let isFirstTaken = sum.add(part(2, 2, next: 5))
    #expect(!sum.answer.hasLoss && sum.answer.next == "5" && sum.answer.examples.count == 2)
    let isSecondTaken = sum.add(part(3, 3, next: nil))
    let isOtherTaken = sum.add(part(9, 9, next: 9, hash: "c"))
    #expect(isFirstTaken && isSecondTaken && !isOtherTaken, "the last is of another configuration")
    var whole = sum.answer
    #expect(whole.events == 20 && whole.destinations.map(\.gained) == [5])
    #expect(whole.examples.count == 3 && whole.next == nil)
    let text = BacktestText.render(whole, pen: Pen(usesColours: false))
    #expect(text.contains("20 events looked at: 0 would go where they go now"))
    #expect(text.contains("crm would gain, for example:"))
    (whole.unchanged, whole.newlyDropped, whole.withoutBody) = (1, 1, 2)
    let counted = BacktestText.render(whole, pen: Pen(usesColours: false))
    #expect(
      counted.contains("looked at: 1 would go where it goes now\n1 would be dropped, and goes somewhere now"))
    #expect(counted.contains("\n2 have no body any more: nothing can be said of them"))
  }
}

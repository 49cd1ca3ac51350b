import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// How far an erasure goes, and what it tells of what it could not do.
@Suite(.timeLimit(.minutes(15))) struct ErasureRuleTests: ErasingTests {
  /// An erasure of its own, over the store and the lanes of a relay.
  private func erasures(
    _ middle: Middle, over store: (any DeliveryStore)? = nil, sleep: @escaping Patience.Sleep = { _ in }
  ) -> Erasures {
    let store = store ?? middle.store
    let watch = StoreWatch(metrics: middle.metrics, clock: middle.clock, logger: middle.recorder.logger)
    let asked = PatientStore(
      store: store, lookup: middle.lookup, watch: watch,
      active: ActiveConfiguration(.middle(), loadedAt: .second(0)), patience: .unhurried)
    return Erasures(
      Erasures.Parts(
        store: store, asked: asked,
        auditTrail: AuditTrail(asked: asked, logger: middle.recorder.logger),
        holds: DestinationHolds(store: store, engine: middle.engine),
        receiver: middle.receiver, metrics: middle.metrics, feed: middle.engine.feed, clock: middle.clock,
        logger: middle.recorder.logger, sleep: sleep))
  }

  private func end(_ middle: Middle, _ erasures: Erasures, _ id: String) async throws -> ErasureReport {
    try #require(
      try await middle.during {
        while erasures.report(id)?.state == .running { await Task.yield() }
        return erasures.report(id)
      })
  }

  /// Broken by a count that carries out what needs no attempt to have ended.
  @Test func whatOnlyCountsForgetsNothingAndAmendsNothing() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 4711)
    await middle.answerAll()
    #expect(await middle.post(#"{"messages":1,"mobile":"4711"}"#).value.status == 400)
    try await audited(middle, #"{"text":"4711"}"#, reason: "4711 asked")
    var request = person(4711)
    request.isDryRun = true
    let report = try await carryOut(middle, request)
    #expect(report.state == .done && report.isDryRun && report.matched == 1)
    #expect((report.erased, report.refusedRequests, report.amended) == (0, 0, 0))
    #expect(middle.controller.refusedRequests().count == 1)
    let entries = try await audit(middle).map(\.entry)
    #expect(entries.map(\.reason) == ["4711 asked"])
  }

  /// Broken by an erasure that ends with the first page of the store.
  @Test func whatFillsMoreThanAPageIsErasedToItsEnd() async throws {
    let middle = try await Middle(.middle())
    let events = Array(repeating: #"{"customer":{"mobile":"4711"}}"#, count: 450).joined(separator: ",")
    #expect(await middle.post(#"{"messages":{"stranger":[\#(events)]}}"#).value.status == 200)
    let report = try await carryOut(middle, person(4711))
    #expect((report.matched, report.erased) == (450, 450))
    #expect(try await carryOut(middle, person(4711)).matched == 0)
  }

  /// Where nothing is said of bodies, what was erased fits again.
  @Test func whatWasErasedBeforeIsNotCountedAgain() async throws {
    let middle = try await Middle(.middle())
    await middle.receive(2, type: "stranger", chat: 98765)
    let request = ErasureRequest(conditions: [], filter: EventFilter(chats: ["98765"]))
    let first = try await carryOut(middle, request)
    #expect((first.matched, first.erased) == (2, 2))
    await middle.receive(1, type: "stranger", from: 3, chat: 98765)
    let second = try await carryOut(middle, request)
    #expect((second.matched, second.erased) == (1, 1))
  }

  /// Broken by looking at the newest entries of the audit, and the newest replays, alone.
  @Test func theAuditAndTheReplaysAreLookedThroughToTheirBeginning() async throws {
    let middle = try await Middle(.middle())
    let rows = 510
    let kept = Tally()
    for number in 0..<rows {
      let text = number == 0 ? "4711" : "boleto"
      middle.store.beginAudit(
        AuditEntry(
          at: .second(0), who: "ana", role: "reader", what: "events", target: #"{"text":"\#(text)"}"#,
          reason: nil)
      ) { _ in kept.add() }
      let plan = ReplayPlan(events: EventFilter(text: BodyCondition(text)), target: .named(["bi"]))
      middle.store.begin(NewReplay(plan: plan.text, startedAt: .second(0))) { _ in kept.add() }
    }
    await kept.reach(2 * rows)
    #expect(try await carryOut(middle, person(4711)).amended == 2)
    let oldest = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      let page = try await controller.audit(AuditFilter(), after: nil, limit: 500)
      return try await controller.audit(AuditFilter(), after: page.next, limit: 500).records.last?.entry
    }
    #expect(oldest?.target == #"{"text":"[erased]"}"#)
  }

  /// Broken by an erasure that looks into refused requests for values alone: a conversation's id stands there, too.
  @Test func refusedRequestsOfAConversationAreForgottenWithIt() async throws {
    let middle = try await Middle(.middle())
    #expect(await middle.post(#"{"messages":1,"chat":{"id":98765}}"#).value.status == 400)
    #expect(await middle.post(#"[{"chat":{"id":98766}}]"#).value.status == 400)
    let request = ErasureRequest(conditions: [], filter: EventFilter(chats: ["98765"]))
    #expect(try await carryOut(middle, request).refusedRequests == 1)
    #expect(middle.controller.refusedRequests().count == 1)
  }

  @Test func whatIsCancelledIsCountedAsDiscarded() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 1 } })
    for number in 1...3 { _ = await receive(middle, mobile: 4711, number: number) }
    try await middle.answer(middle.request(), 422)
    try await middle.answer(middle.request(), 200)
    try await middle.answer(middle.request(), 422)
    let report = try await carryOut(middle, person(4711))
    #expect((report.erased, report.cancelled) == (3, 2), "dead letters are cancelled, too")
    let line = try await middle.metricsText().split(separator: "\n").first {
      $0.hasPrefix("huggy_relay_deliveries_settled_total{destination=\"crm\",state=\"discarded\"}")
    }
    #expect(line?.hasSuffix(" 2") == true, "\(line ?? "none")")
  }

  @Test func oneThatTheStoreCannotCarryOutFailsAndSaysHowToGoOn() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 4711)
    await middle.answerAll()
    middle.store.close()
    let erasures = erasures(middle)
    let id = try erasures.begin(person(4711), audit: nil).id
    let report = try await end(middle, erasures, id)
    #expect(report.state == .failed && report.endedAt != nil && report.erased == 0)
    #expect(report.problem?.hasSuffix("what is erased stays so: begin again") == true)
    #expect(middle.recorder.lines.contains { $0.message.contains("an erasure failed") })
  }

  /// Broken by an erasure that is done and does not say what can still be read.
  @Test func whatTheFilesStillHoldIsTold() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 4711)
    await middle.answerAll()
    let traces = ErasedTraces(remaining: "a reader keeps the log")
    let store = HeldStore(
      middle.store, copy: .failure(StoreError(code: .failing, message: "no copy")), traces: traces)
    let erasures = erasures(middle, over: store)
    let report = try await end(middle, erasures, try erasures.begin(person(4711), audit: nil).id)
    #expect(report.state == .done && report.erased == 1)
    #expect(report.problem == "a reader keeps the log")
  }

  /// Broken by waiting without an end for an attempt that has none.
  @Test func whatStaysInFlightIsGivenUpAfterAWhileAndTold() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 4711)
    let (clock, began) = (middle.clock, middle.clock.now())
    let erasures = erasures(middle) { _ in clock.advance(by: .seconds(40)) }
    let report = try await end(middle, erasures, try erasures.begin(person(4711), audit: nil).id)
    #expect(report.state == .done && (report.erased, report.inFlight) == (0, 1))
    #expect(report.problem == "1 event is still in flight after 300 s: erase again")
    #expect(began.duration(to: clock.now()) == .seconds(320), "it has waited for its whole time")
  }

  @Test func theLastTwentyReportsAreKept() async throws {
    let middle = try await Middle(.middle())
    var request = person(4711)
    request.isDryRun = true
    var ids: [String] = []
    for _ in 0...20 { ids.append(try await carryOut(middle, request).id) }
    #expect(middle.controller.erasure(ids[0]) == nil)
    #expect(ids.dropFirst().allSatisfy { middle.controller.erasure($0)?.state == .done })
  }
}

import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// The right to be forgotten, on a relay that works.
@Suite(.timeLimit(.minutes(15))) struct ErasureTests: ErasingTests {
  private func bodies(_ middle: Middle) async throws -> [Bool] {
    let page = try await middle.controller.exported(
      EventPageRequest(order: .oldestFirst, limit: 100, withBodies: true))
    return page.events.map { !$0.hasNoBody }
  }

  @Test func whatFitsIsErasedAndCancelledAndAllElseStays() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 1 } })
    for (number, mobile) in [1, 2, 1].enumerated() {
      #expect(await receive(middle, mobile: mobile, number: number) == 200)
    }
    #expect(await receive(middle, "openedChat", mobile: 2) == 200)
    #expect(await receive(middle, "stranger", mobile: 1) == 200)
    // The first is in flight, and the others wait behind it.
    try await middle.answer(middle.request(), 200)
    let report = try await carryOut(middle, person(1))
    #expect(report.state == .done && report.problem == nil)
    #expect((report.matched, report.erased, report.cancelled, report.inFlight) == (3, 3, 1, 0))
    #expect(try await bodies(middle) == [false, true, false, true, false])
    await middle.answerAll()
    #expect(try await middle.books() == Books(delivered: 3, discarded: 1))
    #expect(middle.recorder.lines.contains { $0.message.contains("erased for a person's right") })
  }

  @Test func whatIsInFlightIsErasedOnceItsAttemptHasEnded() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 1)
    let id = try await middle.controller.erase(person(1), audit: nil).id
    try await middle.takeTurns { (middle.controller.erasure(id)?.inFlight ?? 0) > 0 }
    #expect(middle.controller.erasure(id)?.erased == 0)
    // It fails, and is not tried again.
    middle.turn(middle.finished(try middle.request(), 503))
    let report = try await end(middle, id)
    #expect((report.state, report.erased, report.inFlight, report.cancelled) == (.done, 1, 0, 1))
    #expect(try await middle.books() == Books(discarded: 1))
    #expect(try await bodies(middle) == [false])
  }

  @Test func allConditionsMustHold() async throws {
    let middle = try await Middle(.middle())
    let body = #"{"messages":{"stranger":[{"a":"1","b":"1"},{"a":"1","b":"2"}]}}"#
    #expect(await middle.post(body).value.status == 200)
    let both = [BodyCondition("a=1")!, BodyCondition("b=2")!]
    let count = try await carryOut(middle, ErasureRequest(conditions: both, isDryRun: true))
    #expect((count.matched, count.erased) == (1, 0))
    #expect(try await bodies(middle) == [true, true])
    #expect(try await carryOut(middle, ErasureRequest(conditions: both)).erased == 1)
    #expect(try await bodies(middle) == [true, false])
    #expect(try await carryOut(middle, ErasureRequest(conditions: both)).matched == 0, "again: nothing")
  }

  @Test func refusedRequestsThatHoldItAreForgotten() async throws {
    let middle = try await Middle(.middle())
    #expect(await middle.post(#"{"messages":1,"mobile":"4711"}"#).value.status == 400)
    #expect(await middle.post("[4712]").value.status == 400)
    let before = middle.controller.refusedRequests().count
    let report = try await carryOut(middle, person(4711))
    #expect(report.refusedRequests == 1)
    #expect(middle.controller.refusedRequests().count == before - 1)
  }

  /// Broken by an erasure that does not look into the stream's ring: by its last id a reader would still be given the body.
  @Test func whoComesBackToTheStreamIsNotGivenWhatWasErased() async throws {
    let middle = try await Middle(.middle())
    let feed = middle.engine.feed
    let reader = try #require(feed.join(LiveSubscription(kinds: [.received], withBodies: true)))
    let hello = try #require(await reader.next()?.text)
    _ = await receive(middle, mobile: 4711)
    #expect(await reader.next()?.text.contains("4711") == true)
    await middle.answerAll()
    #expect(try await carryOut(middle, person(4711)).erased == 1)
    let id = try #require(
      hello.split(separator: "\n").first { $0.hasPrefix("id: ") }.flatMap { LiveID(String($0.dropFirst(4))) })
    let again = try #require(
      feed.join(LiveSubscription(kinds: [.received], withBodies: true, after: id)))
    feed.stop()
    var text = ""
    while let piece = await again.next() { text += piece.text }
    #expect(text.contains("retry: ") && !text.contains("4711"))
  }

  @Test func theAuditSaysOfACountThatNothingWasErased() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 1)
    let entry = try await audited(middle, "", reason: nil)
    var request = person(1)
    request.isDryRun = true
    _ = try await carryOut(middle, request, audit: entry)
    let outcome = AuditOutcome(
      "done", count: 1, details: "1 event and 1 delivery counted, and nothing changed")
    #expect(try await audit(middle).map(\.outcome) == [outcome])
    middle.turn(middle.finished(try middle.request(), 200))
  }

  /// Broken by an outcome that is kept when it has only begun: nobody could see later what was done.
  @Test func theAuditSaysAtTheEndHowMuchWasErased() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 1)
    let entry = try await audited(middle, "", reason: "ticket 1")
    let id = try await middle.controller.erase(person(1), audit: entry).id
    try await middle.takeTurns { (middle.controller.erasure(id)?.inFlight ?? 0) > 0 }
    #expect(try await audit(middle).map(\.outcome) == [nil], "nobody knows yet")
    middle.turn(middle.finished(try middle.request(), 503))
    _ = try await end(middle, id)
    let outcome = AuditOutcome("done", count: 1, details: "1 event erased, 1 delivery cancelled")
    #expect(try await audit(middle).map(\.outcome) == [outcome])
  }

  /// At its rate it queues one event, and waits for an hour.
  private func begin(_ middle: Middle, type: String = "*", text: String) async throws -> Int {
    let plan = ReplayPlan(
      events: EventFilter(types: [WildcardPattern(type)], text: BodyCondition(text)), target: .named(["bi"]),
      rate: Rate(count: 1, per: .seconds(3_600)))
    return try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.replay(plan, expected: nil, who: "ana", reason: "of \(text)").replay.id
    }
  }

  /// Broken by an erasure that leaves what people wrote down when they looked for the person.
  @Test func whoLookedForThePersonHasLeftNoNumberInTheAuditAndInReplays() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 4711)
    await middle.answerAll()
    try await audited(middle, #"{"text":"4711"}"#, reason: "4711 asked")
    try await audited(middle, #"{"text":"boleto"}"#, reason: "ticket 9")
    middle.clock.advance(by: .seconds(1))
    let ids = [
      try await begin(middle, text: "customer.mobile=4711"), try await begin(middle, text: "boleto"),
    ]
    // An erasure waits for what is in flight of the person's events, so the replay has to have sent it by then.
    try await middle.takeTurns { !middle.inFlight.isEmpty }
    await middle.answerAll()
    let report = try await carryOut(middle, person(4711))
    #expect(report.state == .done && report.amended == 2, "an entry of the audit and a replay")
    let audit = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.audit(AuditFilter(), after: nil, limit: 10).records.map(\.entry)
    }
    #expect(audit.map(\.target) == [#"{"text":"boleto"}"#, #"{"text":"[erased]"}"#])
    #expect(audit.map(\.reason) == ["ticket 9", "[erased] asked"])
    #expect(audit.allSatisfy { $0.who == "ana" }, "who did it stays")
    var replays: [Replay] = []
    for id in ids {
      let found = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
        try await controller.replay(id)
      }
      replays.append(try #require(found).replay)
    }
    #expect(replays.map { $0.new.plan.contains("4711") } == [false, false])
    #expect(replays[0].new.reason == "of customer.mobile=[erased]")
    #expect(replays[1].new.plan.contains("boleto") && replays[1].new.reason == "of boleto")
  }

  /// What it queued is cancelled; what it was yet to look for would be something else after a restart.
  @Test func aReplayUnderWayThatLooksForThePersonEnds() async throws {
    let middle = try await Middle(.middle { $0.destination("bi") { $0.concurrency = 1 } })
    for number in 1...3 {
      _ = await receive(middle, mobile: 4711, number: number)
    }
    await middle.answerAll()
    middle.clock.advance(by: .seconds(1))
    let id = try await begin(middle, text: "customer.mobile=4711")
    try await middle.takeTurns { !middle.inFlight.isEmpty }
    await middle.answerAll()
    let report = try await carryOut(middle, person(4711))
    #expect(report.state == .done && report.erased == 3)
    let replay = try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.replay(id)?.replay
    }
    #expect(replay?.state == .failed && replay?.failure?.contains("was erased") == true)
  }

  @Test func whatWasErasedIsNotRetriedOrReplayedAndSaysSo() async throws {
    let middle = try await Middle(.middle())
    for number in 1...2 { _ = await receive(middle, mobile: 4711, number: number) }
    _ = await receive(middle, mobile: 4712)
    while let request = middle.inFlight.first { await middle.answer(request, 422) }
    #expect(try await carryOut(middle, person(4711)).erased == 2)
    func carry<Value: Sendable>(
      _ body: @escaping @Sendable (RelayController) async throws(OperationError) -> Value
    ) async throws -> Value { try await RelayPipelineTests.carryOut(middle, body) }
    let discarded = DeliverySelection.filter(DeliveryFilter(state: .discarded))
    let count = try await carry { controller async throws(OperationError) in
      try await controller.count(.retry, discarded)
    }
    #expect(count.total == 0 && count.erased == 2)
    let ids = DeliverySelection.ids((1...3).map { DeliveryID(rawValue: $0) })
    let counted = try await carry { controller async throws(OperationError) in
      try await controller.count(.retry, ids)
    }
    #expect(counted.total == 1 && counted.erased == 2)
    let byFilter = try await carry { controller async throws(OperationError) in
      try await controller.retry(discarded)
    }
    #expect(byFilter == RetryOutcome(changed: 0, erased: 2))
    let byID = try await carry { controller async throws(OperationError) in try await controller.retry(ids) }
    #expect(byID == RetryOutcome(changed: 1, erased: 2))
    let replayed = try await carry { controller async throws(OperationError) in
      try await controller.count(
        ReplayPlan(events: EventFilter(), target: .named(["bi"])), within: .seconds(60))
    }
    #expect((replayed.matched, replayed.skipped, replayed.bodiless, replayed.total) == (3, 2, 2, 1))
  }

  @Test func oneIsUnderWayAtATime() async throws {
    let middle = try await Middle(.middle())
    _ = await receive(middle, mobile: 1)
    let id = try await middle.controller.erase(person(1), audit: nil).id
    await #expect { try await middle.controller.erase(person(2), audit: nil) } throws: {
      ($0 as? OperationError)?.code == .conflict
    }
    try await middle.takeTurns { (middle.controller.erasure(id)?.inFlight ?? 0) > 0 }
    middle.turn(middle.finished(try middle.request(), 200))
    #expect(try await end(middle, id).erased == 1)
    #expect(try await middle.books() == Books(delivered: 1))
    _ = try await carryOut(middle, person(2))
  }
}

import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// What a replay is told to do, and what its walks come to, over the real store.
@Suite(.timeLimit(.minutes(15))) struct ReplayWalkTests {
  private func begin(_ middle: Middle, _ plan: ReplayPlan) async throws -> ReplayReport {
    try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.replay(plan, expected: nil, who: nil, reason: nil)
    }
  }

  private func report(_ middle: Middle, _ id: Int) async throws -> ReplayReport {
    try #require(
      await carryOut(middle) { controller async throws(OperationError) in try await controller.replay(id) })
  }

  private func count(
    _ middle: Middle, _ plan: ReplayPlan, within limit: Duration = .seconds(60)
  ) async throws -> ReplayCount {
    try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.count(plan, within: limit)
    }
  }

  private func takeTurns(_ middle: Middle, until isSo: (Middle) -> Bool) async throws {
    try await middle.takeTurns { isSo(middle) }
    await middle.rest()
  }

  private static let toBoth = ReplayPlan(events: EventFilter(), target: .named(["crm", "bi"]))
  private static let toBI = ReplayPlan(events: EventFilter(), target: .named(["bi"]))

  /// Steps are queued whole or, beside envelopes, in parts.
  @Test(arguments: [false, true])
  func whatWasPartedGoesOnByItselfOnceItsDestinationTakesIt(besideEnvelopes: Bool) async throws {
    // More than one step holds: the first finds crm's queue empty, and is taken whole.
    let count = 300
    let middle = try await Middle(.middle { $0.destination("crm") { $0.maxBacklog = .bytes(20_000) } })
    await middle.receive(together: count, type: "plain")
    middle.clock.advance(by: .seconds(1))
    let id = try await begin(middle, Self.toBoth).replay.id
    var sent = ["crm": 0, "bi": 0]
    func answer(_ destination: String) async {
      if besideEnvelopes { await middle.receive(type: "plain") }
      sent[destination]! += await middle.answerAll(to: destination, 200).count
    }
    while sent["bi"]! < count {
      try await takeTurns(middle) { $0.inFlight.contains { $0.destination == "bi" } }
      await answer("bi")
    }
    // What nobody takes is told, once it has waited for a while.
    var waiting = try await report(middle, id)
    while waiting.waitsFor.isEmpty { waiting = try await report(middle, id) }
    #expect(waiting.waitsFor == ["crm"] && waiting.replay.state == .running)
    while sent["crm"]! < count {
      try await takeTurns(middle) { $0.inFlight.contains { $0.destination == "crm" } }
      await answer("crm")
    }
    let done = try await report(middle, id)
    #expect(done.replay.state == .done && done.replay.delivered == 2 * count && done.waitsFor.isEmpty)
    #expect(try await middle.books("crm") == Books(delivered: count))
  }

  @Test func aTimeThatThePlanEndsAtIsKept() async throws {
    let middle = try await Middle(.middle())
    await middle.receive()
    middle.clock.advance(by: .seconds(10))
    await middle.receive(from: 2)
    await middle.answerAll()
    middle.clock.advance(by: .seconds(10))
    var plan = Self.toBI
    plan.events.until = .second(5)
    let id = try await begin(middle, plan).replay.id
    try await takeTurns(middle) { !$0.inFlight.isEmpty }
    await middle.answerAll()
    let report = try await report(middle, id)
    #expect(
      report.replay.queued == 1 && report.replay.state == .done && report.plan?.events.until == .second(5))
  }

  @Test func itsTimesAreTheWallClocks() async throws {
    let middle = try await Middle(.middle())
    await middle.receive()
    await middle.answerAll()
    middle.clock.advance(by: .seconds(10))
    middle.clock.setWall(ahead: .seconds(3_600))
    let begun = try await begin(middle, Self.toBI)
    #expect(begun.replay.new.startedAt == .second(3_610))
    try await takeTurns(middle) { !$0.inFlight.isEmpty }
    await middle.answerAll()
    let report = try await report(middle, begun.replay.id)
    #expect(report.replay.new.startedAt == .second(3_610) && report.replay.endedAt == .second(3_610))
    #expect(report.plan?.events.until == .second(3_610))
  }

  @Test func oneToADestinationThatIsNoLongerConfiguredBeginsNot() async throws {
    let middle = try await Middle(.middle())
    middle.source.write {
      $0.destinations.removeAll { $0.name == "bi" }
      $0.routes = [Route(name: "chats", match: .events("*Chat"), action: .deliver(to: ["crm"]))]
      $0.hash = "c2"
    }
    _ = try await carryOut(middle) { controller async throws(OperationError) in try await controller.reload()
    }
    let error = await #expect(throws: OperationError.self) { _ = try await begin(middle, Self.toBI) }
    #expect(error?.code == .conflict && error?.message.contains("bi is no longer configured") == true)
  }

  @Test func aCountSaysWhatGoesNowhereAndWhetherItHadTimeForAll() async throws {
    let middle = try await Middle(.middle())
    var envelope = TestEnvelopes().envelope(to: [], events: 600)
    for place in envelope.events.indices { envelope.events[place].routes = [] }
    _ = try await middle.store.append(envelope)
    let erased = Promise<Result<ErasedEvents, StoreError>>("the end of an erasure")
    middle.store.erase([envelope.firstEventID]) { erased.keep($0) }
    #expect(try await erased.value.get().erased == [envelope.firstEventID])
    middle.clock.advance(by: .seconds(1))
    let whole = try await count(middle, Self.toBI)
    #expect(whole.matched == 600 && whole.skipped == 1 && whole.bodiless == 1 && !whole.isPartial)
    #expect(whole.deliveries == ["bi": 599] && whole.total == 599)
    let part = try await count(middle, Self.toBI, within: .zero)
    #expect(part.isPartial && (1..<600).contains(part.matched))
    #expect(part.total == part.matched - 1)
  }

  @Test func whatOneQueuesAtARateIsNotQueuedAtOnce() async throws {
    let middle = try await Middle(.middle())
    await middle.receive(3)
    await middle.answerAll()
    middle.clock.advance(by: .seconds(1))
    var plan = Self.toBI
    // One an hour.
    plan.rate = Rate(count: 1, per: .seconds(3_600))
    let id = try await begin(middle, plan).replay.id
    try await takeTurns(middle) { !$0.inFlight.isEmpty }
    await middle.answerAll()
    let running = try await report(middle, id)
    #expect(running.replay.queued == 1 && running.replay.state == .running && running.waitsFor.isEmpty)
    let cancelled = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.cancelReplay(id)
    }
    #expect(cancelled?.replay.state == .cancelled)
  }
}

import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// Replays from a person's wish to the request, over the real store.
@Suite(.timeLimit(.minutes(15))) struct ReplayTests {
  private func begin(_ middle: Middle, _ plan: ReplayPlan) async throws -> Int {
    try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.replay(plan, expected: nil, who: "ana", reason: "bots").replay.id
    }
  }

  private func report(_ middle: Middle, _ id: Int) async throws -> ReplayReport {
    try #require(
      await carryOut(middle) { controller async throws(OperationError) in try await controller.replay(id) })
  }

  /// Its walk is a task of its own.
  private func takeTurns(_ middle: Middle, until isSo: (Middle) -> Bool) async throws {
    try await middle.takeTurns { isSo(middle) }
    await middle.rest()
  }

  @Test func storedEventsGoToADestinationThatNeverHadThemUnderTheirOwnIds() async throws {
    let middle = try await Middle(.middle())
    await middle.receive(3)
    let ids = middle.inFlight.map { $0.header("webhook-id") }
    await middle.answerAll()
    middle.clock.advance(by: .seconds(60))
    let id = try await begin(middle, ReplayPlan(events: EventFilter(), target: .named(["bi"])))
    try await takeTurns(middle) { $0.inFlight.count == 3 }
    #expect(middle.inFlight.map(\.destination) == ["bi", "bi", "bi"])
    #expect(middle.inFlight.map { $0.header("webhook-id") } == ids)
    #expect(middle.inFlight.allSatisfy { $0.header("huggy-relay-replay") == "true" })
    #expect(middle.inFlight.allSatisfy { $0.header("huggy-relay-attempt") == "1" })
    await middle.answerAll()
    let report = try await report(middle, id)
    #expect(report.replay.state == .done && report.replay.delivered == 3 && report.replay.new.who == "ana")
    #expect(try await middle.books("bi") == Books(delivered: 3))
  }

  @Test func whatIsLiveIsNoReplay() async throws {
    let middle = try await Middle(.middle())
    await middle.receive()
    #expect(try middle.request().header("huggy-relay-replay") == nil)
  }

  @Test func asRoutedTheRulesOfNowDecide() async throws {
    let middle = try await Middle(.middle())
    await middle.receive(type: "createdChat")
    await middle.receive(type: "unknown", from: 2)
    await middle.answerAll()
    middle.clock.advance(by: .seconds(1))
    middle.source.write {
      $0.routes = [Route(name: "everything", match: .events("*"), action: .deliver(to: ["bi", "crm"]))]
      $0.hash = "c2"
    }
    _ = try await carryOut(middle) { controller async throws(OperationError) in try await controller.reload()
    }
    let plan = ReplayPlan(events: EventFilter(), target: .asRouted)
    let count = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.count(plan, within: .seconds(60))
    }
    #expect(count.deliveries == ["bi": 2, "crm": 1] && count.matched == 2 && !count.isPartial)
    _ = try await begin(middle, plan)
    try await takeTurns(middle) { $0.inFlight.count == 3 }
    #expect(middle.inFlight.map { "\($0.number) \($0.destination)" }.sorted() == ["1 bi", "2 bi", "2 crm"])
  }

  @Test func whatArrivesAfterItsBeginningIsNotMeant() async throws {
    let middle = try await Middle(.middle())
    await middle.receive()
    await middle.answerAll()
    middle.clock.advance(by: .seconds(1))
    let plan = ReplayPlan(events: EventFilter(), target: .named(["bi"]))
    let id = try await begin(middle, plan)
    await middle.receive(from: 2)
    try await takeTurns(middle) { $0.inFlight.contains { $0.destination == "bi" } }
    await middle.answerAll()
    #expect(try await report(middle, id).replay.queued == 1)
  }

  @Test func aRestartGoesOnWithIt() async throws {
    let first = try await Middle(.middle())
    await first.receive(2)
    await first.answerAll()
    // Begun, and nothing of it queued: as after a crash.
    let plan = ReplayPlan(events: EventFilter(), target: .named(["bi"]))
    let begun = Promise<Result<Replay, StoreError>>("the beginning of a replay")
    first.store.begin(NewReplay(plan: plan.text, startedAt: .second(0))) { begun.keep($0) }
    let id = try await begun.value.get().id
    let again = try await Middle(.middle(), in: first.end())
    try await takeTurns(again) { $0.inFlight.count == 2 }
    await again.answerAll()
    #expect(try await report(again, id).replay.state == .done)
    again.end()
  }

  /// What it had queued before the end is not queued a second time, also where nothing else would tell it.
  @Test func aRestartGoesOnBehindWhatWasQueued() async throws {
    let first = try await Middle(.middle())
    await first.receive(3)
    await first.answerAll()
    let plan = ReplayPlan(events: EventFilter(), target: .named(["bi"]), choice: .again)
    let begun = Promise<Result<Replay, StoreError>>("the beginning of a replay")
    first.store.begin(NewReplay(plan: plan.text, startedAt: .second(0))) { begun.keep($0) }
    let id = try await begun.value.get().id
    // The rows of events rise from 1: it has come to the second.
    _ = try await first.store.queue(ReplayStep(replay: id, entries: [], matched: 2, cursor: "2"))
    let again = try await Middle(.middle(), in: first.end())
    try await takeTurns(again) { !$0.inFlight.isEmpty }
    #expect(again.numbersInFlight == [3])
    await again.answerAll()
    let report = try await report(again, id)
    #expect(report.replay.state == .done && report.replay.matched == 3 && report.replay.queued == 1)
    again.end()
  }

  /// Each of its walks goes on from its own place.
  @Test func aRestartGoesOnWithWhatWasParted() async throws {
    let first = try await Middle(.middle())
    await first.receive(3)
    let ids = try first.inFlight.map { try #require($0.header("webhook-id").flatMap { EventID($0) }) }
    await first.answerAll()
    let plan = ReplayPlan(events: EventFilter(), target: .named(["bi", "crm"]), choice: .again)
    let begun = Promise<Result<Replay, StoreError>>("the beginning of a replay")
    first.store.begin(NewReplay(plan: plan.text, startedAt: .second(0))) { begun.keep($0) }
    let id = try await begun.value.get().id
    for place in 1...2 {
      let entry = ReplayStep.Entry(
        event: ids[place - 1], source: "huggy", chat: nil, bytes: 600,
        targets: [ReplayStep.Target(destination: "crm")])
      _ = try await first.store.queue(
        ReplayStep(
          replay: id, others: ["bi", "crm"], entries: [entry], cursor: "\(place)", isLast: place == 2,
          ahead: 1))
    }
    let again = try await Middle(.middle(), in: first.end())
    try await takeTurns(again) { $0.inFlight.count == 3 }
    #expect(again.inFlight.map { "\($0.number) \($0.destination)" } == ["1 crm", "2 crm", "3 crm"])
    await again.answerAll()
    #expect(try await report(again, id).replay.state == .done)
    again.end()
  }

  @Test func oneOfAnotherVersionFailsAndSaysSo() async throws {
    let first = try await Middle(.middle())
    let begun = Promise<Result<Replay, StoreError>>("the beginning of a replay")
    first.store.begin(NewReplay(plan: "to=crm&colour=red", startedAt: .second(0))) { begun.keep($0) }
    let id = try await begun.value.get().id
    let again = try await Middle(.middle(), in: first.end())
    var failed = try await report(again, id)
    while failed.replay.state == .running { failed = try await report(again, id) }
    #expect(failed.replay.state == .failed && failed.plan == nil)
    #expect(failed.replay.failure?.contains("another version") == true)
    again.end()
  }

  @Test func aCancelledOneTakesBackWhatIsNotInFlight() async throws {
    let middle = try await Middle(.middle { $0.destination("bi") { $0.concurrency = 1 } })
    await middle.receive(5)
    await middle.answerAll()
    middle.clock.advance(by: .seconds(1))
    let id = try await begin(middle, ReplayPlan(events: EventFilter(), target: .named(["bi"])))
    try await takeTurns(middle) { $0.inFlight.count == 1 }
    let cancelled = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.cancelReplay(id)
    }
    #expect(cancelled?.replay.state == .cancelled && cancelled?.replay.discarded == 4)
    await middle.answerAll()
    #expect(try await middle.books("bi") == Books(delivered: 1, discarded: 4))
    let unknown = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.cancelReplay(99)
    }
    #expect(unknown == nil)
  }

  /// What is queued for one that takes nothing is bounded, and the others go on.
  @Test func aPausedDestinationHoldsUpNoOther() async throws {
    let count = 300
    let middle = try await Middle(
      .middle {
        $0.destination("crm") {
          $0.pausedAt = "routes.yaml:3"
          $0.maxBacklog = .bytes(20_000)
        }
      })
    await middle.receive(together: count, type: "plain")
    middle.clock.advance(by: .seconds(1))
    let id = try await begin(middle, ReplayPlan(events: EventFilter(), target: .named(["crm", "bi"])))
    var answered: Set<Int> = []
    while answered.count < count {
      try await takeTurns(middle) { !$0.inFlight.isEmpty }
      #expect(middle.inFlight.allSatisfy { $0.destination == "bi" })
      await answered.formUnion(middle.answerAll(to: "bi", 200).map(\.number))
    }
    // A step's, or what of a step found room beside the envelopes that had just come.
    let queued = try #require(try await middle.books("crm")?.replaying)
    #expect((1...ReplayPlanner.stepDeliveries / 2).contains(queued))
    #expect(try await middle.books("bi") == Books(delivered: count))
    let report = try await report(middle, id)
    #expect(report.replay.state == .running && report.replay.matched == count)
    #expect(report.replay.queued == count + queued)
    #expect(report.replay.cursors.main == .over && Array(report.replay.cursors.parted.keys) == ["crm"])
  }

  @Test func oneToADestinationThatThereIsNotBeginsNot() async throws {
    let middle = try await Middle(.middle())
    let error = await #expect(throws: OperationError.self) {
      _ = try await begin(middle, ReplayPlan(events: EventFilter(), target: .named(["bu"])))
    }
    #expect(error?.code == .notFound && error?.message.contains("did you mean 'bi'") == true)
    let replays = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.replays(before: nil, limit: 9)
    }
    #expect(replays.isEmpty)
  }
}

import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// What is told of a relay's destinations and sources, over the real store.
@Suite(.timeLimit(.minutes(15))) struct StatusTests {
  @Test func whyASourcesRequestsWereRefusedIsTold() async throws {
    let middle = try await Middle(.middle())
    for _ in 0..<2 {
      let reply = await middle.post(#"{"messages":{"createdChat":[{"id":1}]}}"#, to: "/closed").value
      #expect(reply.status == 401)
    }
    #expect(await middle.post("no JSON", to: "/closed").value.status == 400)
    let sources = try await middle.status().sources
    let closed = try #require(sources.first { $0.name == "closed" })
    #expect(closed.refused == 3)
    #expect(
      closed.refusals == [
        RefusalCount(reason: .invalid, count: 1), RefusalCount(reason: .unauthorized, count: 2),
      ])
    #expect(sources.first { $0.name == "huggy" }?.refusals == [])
  }

  /// Broken by a count of what is pending alone: nobody would know why it does not go out.
  @Test func whatPendingDeliveriesWaitForIsCounted() async throws {
    let middle = try await Middle(
      .middle {
        $0.destination("crm") {
          ($0.concurrency, $0.ordering) = (1, .chat)
          ($0.retry.initial, $0.retry.maxDelay, $0.retry.jitter) = (.seconds(3_600), .seconds(3_600), 0)
        }
      })
    func crm() async throws -> DestinationStatus {
      try #require(try await middle.status().destinations.first { $0.name == "crm" })
    }
    await middle.receive(3, chat: 7)
    await middle.receive(2, from: 10)
    var status = try await crm()
    #expect(status.waits == PendingWaits(later: 0, ordered: 2))
    #expect(status.pending == 5 && status.inFlight == 1 && status.hold == nil)
    try await middle.answer(middle.request(), 503)
    status = try await crm()
    #expect(status.waits == PendingWaits(later: 1, ordered: 2) && status.pending == 5)
    await middle.pass(.seconds(3_599))
    #expect(try await crm().waits?.later == 1)
    await middle.pass(.seconds(1))
    #expect(try await crm().waits?.later == 0, "it is due now")
    try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.pause("crm", until: nil)
    }
    #expect(try await crm().hold == .paused)
    let facts = try await middle.during { [controller = middle.controller] in
      try? await controller.statusReader.status()
    }
    #expect(facts?.destinations.first { $0.name == "crm" }?.waits == nil, "not for who looks all the time")
  }

  @Test func whyNothingThatIsDueIsSentIsTold() async throws {
    let middle = try await Middle(
      .middle {
        $0.destination("crm") {
          $0.rate = Rate(count: 1, per: .seconds(3_600))
          $0.circuit.failures = 1
        }
      })
    func hold() async throws -> DestinationStatus.Hold? {
      try await middle.status().destinations.first { $0.name == "crm" }?.hold
    }
    #expect(try await hold() == nil)
    await middle.receive(2)
    #expect(try await hold() == .rate)
    try await middle.answer(middle.request(), 503)
    #expect(try await hold() == .circuit)
  }

  @Test func aDestinationThatItsConcurrencyLimitsIsTold() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 2 } })
    func limit() async throws -> ConcurrencyLimit.Reading? {
      try await middle.status().destinations.first { $0.name == "crm" }?.concurrencyLimit
    }
    await middle.receive(2)
    await middle.pass(.seconds(10))
    #expect(try await limit() == nil, "both slots are taken, and nothing waits for one")
    await middle.receive(8, from: 3)
    await middle.pass(.seconds(10))
    #expect(try await limit() == nil, "how long an answer takes is not known yet")
    try await middle.answer(middle.request(), 200)
    #expect(
      try await limit()
        == ConcurrencyLimit.Reading(share: 0.5, meanDuration: .milliseconds(5), concurrency: 2))
    // It is not said of one that something else holds.
    try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.pause("crm", until: nil)
    }
    #expect(try await limit() == nil)
    await middle.pass(.seconds(3))
    _ = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.resume("crm")
    }
    await middle.pass(.seconds(7))
    let share = try #require(try await limit()?.share)
    #expect(abs(share - 17.0 / 30) < 0.001, "\(share): the pause is no time that the slots cost")
    await middle.answerAll()
    await middle.pass(.seconds(100))
    #expect(try await limit() == nil)
  }

  @Test func howManyEventsARequestMayHoldAndHoldsIsTold() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.batch = BatchPolicy(maxEvents: 7) } })
    func crm() async throws -> DestinationStatus {
      try #require(try await middle.status().destinations.first { $0.name == "crm" })
    }
    let before = try await crm()
    #expect(before.batch == BatchPolicy(maxEvents: 7) && before.eventsPerRequest == nil)
    await middle.receive()
    await middle.answerAll()
    #expect(try await crm().eventsPerRequest == 1)
    #expect(try await middle.status().destinations.first { $0.name == "bi" }?.batch == nil)
  }

  /// Broken by a time that only the lane knows: one that is no longer configured has none.
  @Test func sinceWhenADestinationIsPausedIsToldAlsoOnceItIsNoLongerConfigured() async throws {
    let middle = try await Middle(.middle())
    await middle.receive(2)
    middle.clock.setWall(ahead: .seconds(100))
    await middle.pass(.seconds(60))
    try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.pause("crm", until: nil)
    }
    await middle.pass(.seconds(30))
    let paused = Timestamp.second(160)
    #expect(try await middle.status().destinations.first { $0.name == "crm" }?.pausedSince == paused)
    middle.source.write { $0.destinations.removeAll { $0.name == "crm" } }
    _ = try await carryOut(middle) { controller async throws(OperationError) in try await controller.reload()
    }
    await middle.pass(.seconds(30))
    let orphan = try #require(try await middle.status().destinations.first { $0.name == "crm" })
    #expect(orphan.isOrphaned && orphan.isPaused && orphan.pausedSince == paused)
  }

  /// A chat whose first message is refused waits, while all others go on.
  @Test func aStuckChatIsSeenAndWhatWaitsInItTellsOfItsFirst() async throws {
    let middle = try await Middle(
      .middle {
        $0.destination("crm") {
          $0.ordering = .chat
          ($0.retry.initial, $0.retry.maxDelay, $0.retry.jitter) = (.seconds(3_600), .seconds(3_600), 0)
        }
      })
    await middle.receive(2, chat: 4_242)
    let head = try middle.request()
    await middle.answer(head, 503)
    await middle.pass(.seconds(400))
    await middle.receive(from: 3, chat: 7)
    await middle.answerAll()
    let crm = try #require(try await middle.status().destinations.first { $0.name == "crm" })
    #expect(crm.pending == 2 && crm.failingSince == nil && crm.pace != nil)
    #expect(crm.oldestRetrying == .seconds(400) && crm.drain == nil)

    let reports = try await carryOut(middle) { controller async throws(OperationError) in
      var reports: [EventReport] = []
      for event in try await controller.events(EventPageRequest(filter: EventFilter(), limit: 9)).events {
        if let report = try await controller.event(event.id) { reports.append(report) }
      }
      return reports
    }
    let waiting = reports.flatMap(\.deliveries).filter { $0.record.state == .waiting }
    let first = try #require(waiting.first?.first)
    #expect(waiting.count == 1 && waiting[0].wait == .order(first.id))
    #expect(first.id == head.delivery && first.attempts == 1 && first.lastAttempt?.status == 503)
    #expect(first.due != nil)
  }
}

import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// What people do to a relay while it works, over the real store.
@Suite(.timeLimit(.minutes(15))) struct ControllerTests {
  private static let crm = DeliverySelection.filter(DeliveryFilter(destination: "crm"))

  private static func pending() -> DeliverySelection {
    .filter(DeliveryFilter(state: .pending, destination: "crm"))
  }

  // MARK: Deliveries

  /// Broken by a discard that does not wait for the lane: it would take what is in flight, or miss what the lane holds.
  @Test func aDiscardTakesAllButWhatIsInFlight() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 2 } })
    await middle.receive(6)
    let changed = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.discard(Self.pending())
    }
    #expect(changed == 4)
    #expect(middle.numbersInFlight == [1, 2])
    await middle.answerAll()
    #expect(try await middle.books() == Books(delivered: 2, discarded: 4))
    await middle.receive(from: 7)
    #expect(middle.numbersInFlight == [7], "the lane goes on")
  }

  @Test func aRetriedDeadLetterIsAttemptedBesideWhatIsInFlight() async throws {
    let middle = try await Middle(.middle())
    await middle.receive(2)
    try await middle.answer(middle.request(), 400)
    let changed = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.retry(Self.crm)
    }
    #expect(changed.changed == 1)
    #expect(middle.numbersInFlight == [2, 1])
    #expect(try middle.request(1).header("huggy-relay-attempt") == "2", "attempts are counted on")
    await middle.answerAll()
    #expect(try await middle.books() == Books(delivered: 2))
  }

  @Test func aChangeOfSomethingUnknownChangesNothing() async throws {
    let middle = try await Middle(.middle())
    await middle.receive()
    let error = await #expect(throws: OperationError.self) {
      _ = try await carryOut(middle) { controller async throws(OperationError) in
        try await controller.discard(.ids([DeliveryID(rawValue: 1), DeliveryID(rawValue: 99)]))
      }
    }
    #expect(error?.code == .notFound)
    #expect(try await middle.books() == Books(pending: 1))
  }

  // MARK: Pauses

  @Test func aPausedDestinationQueuesAndAResumedOneGoesOn() async throws {
    let middle = try await Middle(.middle())
    try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.pause("crm", until: nil)
    }
    await middle.receive(2)
    #expect(middle.inFlight.isEmpty)
    #expect(try await middle.books() == Books(pending: 2))
    let report = try await carryOut(middle) { controller async throws(OperationError) in
      try await controller.resume("crm")
    }
    #expect(report.wasPaused)
    #expect(middle.numbersInFlight == [1, 2])
  }

  @Test func aPauseOutlivesTheProcess() async throws {
    let first = try await Middle(.middle())
    try await carryOut(first) { controller async throws(OperationError) in
      try await controller.pause("crm", until: .second(100))
    }
    await first.receive()
    let next = try await Middle(.middle(), in: first.end(), at: .second(50))
    #expect(next.inFlight.isEmpty)
    await next.pass(.seconds(51))
    #expect(next.numbersInFlight == [1])
  }

  // MARK: Reloads

  /// Broken by a destination that is replaced under what is in flight, and by one that is not replaced at all.
  @Test func whatIsInFlightFinishesAsItBeganAndTheNextGoesToTheNewURL() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 1 } })
    await middle.receive(2)
    middle.source.write { $0.destination("crm") { $0.url = Secret("http://elsewhere/") } }
    let report = try await reload(middle)
    #expect(report.changes.texts.contains { $0.1.contains("crm") })
    #expect(middle.numbersInFlight == [1])
    await middle.answerAll()
    #expect(middle.destinations["crm"]?.url.reveal == "http://elsewhere/")
    #expect(try await middle.books() == Books(delivered: 2))
  }

  @Test func anEventAfterTheReloadMeetsTheNewRulesAndTheNewDestination() async throws {
    let middle = try await Middle(.middle())
    middle.source.write { configuration in
      configuration.destinations.append(Destination(name: "audit", url: Secret("http://audit/")))
      configuration.routes.append(Route(name: "all", action: .deliver(to: ["audit"])))
      configuration.hash = "c2"
    }
    try await reload(middle)
    await middle.receive()
    #expect(Set(middle.inFlight.map(\.destination)) == ["crm", "audit"])
    await middle.answerAll()
    #expect(try await middle.books("audit") == Books(delivered: 1))
  }

  /// Broken by a reload that takes anything over before all that can fail has succeeded.
  @Test(arguments: [true, false])
  func aWrongConfigurationNeverReplacesAGoodOne(isFile: Bool) async throws {
    let middle = try await Middle(.middle())
    let problem = OperationError(code: .invalidConfiguration, message: "routes.yaml:1:1: no")
    middle.source.write { configuration in
      configuration.sources = []
      configuration.destinations = [Destination(name: "audit", url: Secret("http://audit/"))]
      configuration.routes = []
      configuration.hash = "c2"
    }
    middle.source.state.withLock { state in
      if isFile { state.problem = problem } else { state.listenerProblem = problem }
    }
    let error = await #expect(throws: OperationError.self) { try await reload(middle) }
    #expect(error == problem)
    #expect(try await middle.store.destination("audit") == nil)
    #expect(middle.controller.active.configuration.hash == "c1")
    #expect(middle.controller.active.reloadErrors == problem.problems)
    #expect(middle.controller.active.lastReload == middle.clock.now())
    await middle.receive()
    #expect(middle.inFlight.map(\.destination) == ["crm"])
    #expect(middle.destinations["audit"] == nil)
  }

  /// Broken by lanes that hear of a destination before the store knows it.
  @Test func aListenerThatCannotBeMadeStopsTheReloadBeforeTheStoreHearsOfIt() async throws {
    let middle = try await Middle(.middle())
    middle.source.write { $0.destinations.append(Destination(name: "audit", url: Secret("http://audit/"))) }
    try await reload(middle)
    #expect(middle.source.state.withLock(\.applied).count == 1)
    #expect(try await middle.store.destination("audit") != nil)
    #expect(middle.destinations["audit"] != nil || middle.inFlight.isEmpty)
  }

  /// Broken by rules that are replaced before the store knows the new names, and by a listener that is left with the new
  /// settings.
  @Test func aStoreThatFailsDuringAReloadLeavesTheOldListenerAndTheOldRules() async throws {
    let middle = try await Middle(.middle())
    let old = middle.controller.active.configuration.server
    middle.source.write { configuration in
      configuration.server.maxBodyBytes += 1
      configuration.sources.append(Source(name: "branch", path: "/branch"))
    }
    let new = middle.source.state.withLock(\.configuration.server)
    middle.source.state.withLock { $0.whenApplied = { [store = middle.store] in store.close() } }
    let error = await #expect(throws: OperationError.self) { try await reload(middle) }
    #expect(error?.code == .unavailable)
    #expect(middle.source.state.withLock(\.applied) == [new, old])
    #expect(middle.receiver.entry(at: "/branch") == .none && middle.receiver.entry(at: "/huggy") == .open)
    #expect(middle.controller.active.configuration.server == old)
  }

  @Test func aDestinationThatIsTakenOutKeepsItsDeliveriesUntilItIsBack() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 1 } })
    await middle.receive(3)
    let crm = try #require(middle.source.state.withLock { $0.configuration.destinations.first })
    middle.source.write { configuration in
      configuration.destinations.removeFirst()
      configuration.routes = []
    }
    try await reload(middle)
    try await middle.answer(middle.request(), 200)
    #expect(middle.inFlight.isEmpty)
    #expect(try await middle.books() == Books(pending: 2, delivered: 1))
    middle.source.write { $0.destinations.append(crm) }
    try await reload(middle)
    #expect(middle.numbersInFlight == [2])
    await middle.answerAll()
    #expect(try await middle.books() == Books(delivered: 3))
  }

  @discardableResult
  private func reload(_ middle: Middle) async throws -> ReloadReport {
    try await carryOut(middle) { controller async throws(OperationError) in try await controller.reload() }
  }

  // MARK: Another order

  /// Broken by a lane that goes on before the store has put its deliveries in the new order.
  @Test func anOrderThatIsNewHoldsFromTheReloadOn() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 2 } })
    await middle.receive(5, chat: 7)
    #expect(middle.numbersInFlight == [1, 2])
    middle.source.write { $0.destination("crm") { $0.ordering = .chat } }
    try await reload(middle)
    try await middle.finishReordering()
    // Two had begun before: the third waits for both.
    try await middle.answer(middle.request(), 200)
    #expect(middle.numbersInFlight == [2])
    try await middle.answer(middle.request(), 200)
    for number in 3...5 {
      #expect(middle.numbersInFlight == [number])
      try await middle.answer(middle.request(), 200)
    }
    #expect(try await middle.books() == Books(delivered: 5))
  }

  @Test func anOrderThatIsTakenBackWhileItIsMadeDoesNotHold() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 1 } })
    await middle.receive(4, chat: 7)
    middle.source.write { $0.destination("crm") { ($0.ordering, $0.concurrency) = (.chat, 4) } }
    try await reload(middle)
    middle.source.write { $0.destination("crm") { $0.ordering = .none } }
    try await reload(middle)
    try await middle.finishReordering()
    #expect(middle.numbersInFlight == [1, 2, 3, 4])
    await middle.answerAll()
    #expect(try await middle.books() == Books(delivered: 4))
  }
}

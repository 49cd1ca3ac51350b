import RelayCore
import RelayHarness
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// From the store to the transport and back, over the real store.
@Suite(.timeLimit(.minutes(15))) struct EngineTests {
  @Test func whatIsAcceptedIsAttemptedAndSettled() async throws {
    let middle = try await Middle(.middle())
    await middle.receive()
    let request = try #require(middle.inFlight.first)
    #expect(request.destination == "crm" && request.header("huggy-relay-attempt") == "1")
    #expect(try await middle.books() == Books(pending: 1))
    await middle.answer(request, 204)
    #expect(try await middle.books() == Books(delivered: 1))
  }

  @Test func noMoreThanConcurrencyAreInFlightAndTheOldestGoFirst() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 3 } })
    await middle.receive(8)
    #expect(middle.numbersInFlight == [1, 2, 3])
    try await middle.answer(middle.request(1), 200)
    #expect(middle.numbersInFlight == [1, 3, 4])
    await middle.answerAll()
    #expect(try await middle.books() == Books(delivered: 8))
  }

  @Test func whatFailedIsAttemptedAgainWhenItIsDueAndNotBefore() async throws {
    let middle = try await Middle(.middle())
    await middle.receive()
    try await middle.answer(middle.request(), 503)
    #expect(middle.inFlight.isEmpty)
    let due = try #require(middle.deadline)
    #expect(due >= .second(1) && due <= .second(1).advanced(by: .milliseconds(200)))
    await middle.pass(.milliseconds(999))
    #expect(middle.inFlight.isEmpty)
    await middle.pass(.milliseconds(201))
    #expect(middle.inFlight.map { $0.header("huggy-relay-attempt") } == ["2"])
  }

  @Test func aPermanentAnswerMakesADeadLetter() async throws {
    let middle = try await Middle(.middle())
    await middle.receive()
    try await middle.answer(middle.request(), 400)
    #expect(try await middle.books() == Books(dead: 1))
    await middle.pass(.seconds(3600))
    #expect(middle.inFlight.isEmpty)
  }

  /// Broken by claims that are not asked for at the start.
  @Test func whatAnEarlierRunLeftIsClaimed() async throws {
    let folder: TemporaryFolder
    do {
      let middle = try await Middle(.middle())
      await middle.receive(3)
      try await middle.answer(middle.request(), 200)
      try await middle.answer(middle.request(), 503)
      // The third is in flight when everything ends.
      folder = middle.end()
    }
    let next = try await Middle(.middle(), in: folder, at: .second(60))
    #expect(Set(next.numbersInFlight) == [2, 3])
    #expect(next.inFlight.first { $0.number == 3 }?.header("huggy-relay-attempt") == "1")
    await next.answerAll()
    #expect(try await next.books() == Books(delivered: 3))
  }

  /// Broken by an answer that is kept as it came.
  @Test func whatADestinationEchoesOfSecretsIsNotKept() async throws {
    let middle = try await Middle(
      .middle { configuration in
        configuration.destination("crm") {
          $0.authorization = .bearer(Secret("b3arer-of-crm"))
          $0.headers = [Destination.Header(name: "x-key", value: Secret("0123456789abcdef"))]
        }
      })
    await middle.receive()
    let echo =
      #"{"auth":"Bearer b3arer-of-crm","x-key":"0123456789abcdef","token":"of nobody","got":"s3cret-token"}"#
    await middle.answer(try middle.request(), 422, body: echo)
    let page = try await middle.during { [controller = middle.controller] in
      try? await controller.deliveries(DeliverySearch(), after: nil, limit: 1)
    }
    let answer = try #require(page?.deliveries.first?.record.failures.first?.answer)
    #expect(
      String(decoding: answer, as: UTF8.self)
        == #"{"auth":"Bearer [secret]","x-key":"[secret]","token":[secret],"got":"[secret]"}"#)
  }

  /// What a source has learned is in no list of secrets: only its hash is kept. Broken by a mask of these alone.
  @Test func whatADestinationEchoesOfTheTokenThatItWasSentIsNotKept() async throws {
    let token = "8187ce0c2e5d0aefd626fa4999f62974"
    let middle = try await Middle(.middle { $0.destination("crm") { $0.forwardsToken = true } })
    let body = #"{"messages":{"createdChat":[{"id":1}]},"token":"\#(token)"}"#
    #expect(await middle.post(body).value.status == 200)
    await middle.rest()
    let request = try middle.request()
    #expect(String(decoding: request.body, as: UTF8.self).contains(token), "it is sent")
    await middle.answer(request, 422, body: "I do not know \(token), nor its ends 8187 and 2974")
    let page = try await middle.during { [controller = middle.controller] in
      try? await controller.deliveries(DeliverySearch(), after: nil, limit: 1)
    }
    let answer = try #require(page?.deliveries.first?.record.failures.first?.answer)
    #expect(String(decoding: answer, as: UTF8.self) == "I do not know [secret], nor its ends 8187 and 2974")
  }

  // MARK: Each for itself

  /// Broken by anything that destinations share: slots, a window, a settlement that waits.
  @Test func aDestinationThatHangsCostsTheOthersNothing() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 1 } })
    for number in 1...20 {
      await middle.receive(type: "newMessage", from: number)
      let request = try #require(middle.inFlight.first { $0.destination == "bi" })
      #expect(request.number == number)
      await middle.answer(request, 200)
    }
    #expect(try await middle.books("bi") == Books(delivered: 20))
    #expect(middle.numbersInFlight == [1])
    #expect(try await middle.books("crm") == Books(pending: 20))
  }

  // MARK: Order

  /// Broken by a next one that goes out before the first one's outcome is on disk.
  @Test func theNextOfAKeyWaitsUntilTheFirstOnesOutcomeIsOnDisk() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.ordering = .chat } })
    await middle.receive(2, chat: 7)
    await middle.receive(from: 3, chat: 8)
    #expect(middle.numbersInFlight == [1, 3])
    let gate = Gate()
    gate.hold(middle.store)
    middle.turn(middle.finished(try middle.request(), 200))
    middle.turn()
    #expect(middle.numbersInFlight == [3])
    gate.open()
    await middle.rest()
    #expect(middle.numbersInFlight == [3, 2])
  }

  @Test func theNextOfAKeyWaitsThroughTheRetriesOfTheFirst() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.ordering = .destination } })
    await middle.receive(3)
    for attempt in 1...3 {
      #expect(middle.numbersInFlight == [1])
      #expect(try middle.request().header("huggy-relay-attempt") == "\(attempt)")
      try await middle.answer(middle.request(), 500)
      #expect(middle.inFlight.isEmpty)
      await middle.pass(.seconds(6))
    }
    try await middle.answer(middle.request(), 410)
    #expect(middle.numbersInFlight == [2])
    await middle.answerAll()
    #expect(try await middle.books() == Books(dead: 1, delivered: 2))
  }

  // MARK: Standing still

  /// Broken by a hold that is answered while the lane still holds something.
  @Test func aHeldLaneStartsNothingUntilItIsResumed() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 1 } })
    await middle.receive(3)
    try await middle.during { [engine = middle.engine] in await engine.hold(["crm"]) }
    try await middle.answer(middle.request(), 200)
    await middle.receive(from: 4)
    #expect(middle.inFlight.isEmpty)
    middle.engine.resume(["crm"])
    await middle.rest()
    #expect(middle.numbersInFlight == [2])
    await middle.answerAll()
    #expect(try await middle.books() == Books(delivered: 4))
  }

  @Test func whileTheStoreCannotRecordNoAttemptStarts() async throws {
    let middle = try await Middle(.middle())
    middle.engine.storeHolds(true)
    await middle.receive(2)
    #expect(middle.inFlight.isEmpty)
    middle.engine.storeHolds(false)
    await middle.rest()
    #expect(middle.numbersInFlight == [1, 2])
  }

  /// Broken by a drain that lets the window run dry, and by a stop that does not wait for what is in flight.
  @Test func aDrainStartsNothingMoreAndTheStopWaitsForWhatIsInFlight() async throws {
    let middle = try await Middle(.middle { $0.destination("crm") { $0.concurrency = 2 } })
    await middle.receive(5)
    middle.engine.drain()
    await middle.rest()
    try await middle.answer(middle.request(), 200)
    #expect(middle.numbersInFlight == [2])
    let stopped = Promise<Void>("the end of the engine")
    let thread = WorkerThread(name: "stop") { [engine = middle.engine] in
      engine.stop(within: .seconds(60))
      stopped.keep(())
    }
    await middle.flush()
    #expect(!stopped.isKept)
    try await middle.answer(middle.request(), 200)
    await stopped.value
    thread.join()
    await middle.flush()
    #expect(try await middle.books() == Books(pending: 3, delivered: 2))
  }

  @Test func onceStoppedNobodyWaitsForAnAnswer() async throws {
    let middle = try await Middle(.middle())
    middle.engine.stop(within: .zero)
    #expect(await middle.engine.snapshot().isEmpty)
    await middle.engine.hold(["crm"])
  }
}

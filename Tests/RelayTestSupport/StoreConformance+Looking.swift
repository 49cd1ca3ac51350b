import RelayCore
import Testing

extension StoreConformance {
  /// What is shown of an event and of its deliveries.
  package static let looking = [
    StoreClaim("anEventIsShownAsItWasStored") { bench in
      var configuration = StoreConfiguration.test
      configuration.names.routes = ["all", "sales", "noise"]
      let store = try await bench.open(configuration)
      let context = EnvelopeContext(
        source: "other", receivedAt: .second(7), time: Array("1.70e9 ".utf8), token: Array("secret".utf8))
      let first = bench.make.nextID(count: 2)
      let event = Event(
        id: first.advanced(by: 1), envelope: context, type: "a\u{0}é", rawType: Array(#"a\u0000é"#.utf8),
        company: "15691", channel: "w\u{0}", chat: "", body: Array(#"{"a":1}"#.utf8))
      var envelope = bench.make.envelope(context, events: [event], to: [])
      envelope.firstEventID = first
      envelope.events[0].routes = ["noise", "all", "sales"]
      envelope.events[0].isDropped = true
      _ = try await store.stored(envelope)
      let lookup = bench.lookup(store)
      let found = try #require(try await lookup.event(event.id))
      var expected = EventRecord(
        id: event.id, place: found.place, type: event.type, rawType: event.rawType, source: "other",
        company: "15691", channel: "w\u{0}", chat: "", receivedAt: .second(7), envelopeTime: context.time,
        configuration: "c1", routes: ["noise", "all", "sales"], isDropped: true, body: event.body,
        deliveries: [])
      expected.trace = TraceParent(madeFor: first)
      #expect(found == expected)
      #expect(try await lookup.event(EventID(high: 1, low: 2)) == nil)
    },
    StoreClaim("aNewEventIsSeenAtOnce") { bench in
      let store = try await bench.open()
      let lookup = bench.lookup(store)
      try await lookup.look()
      for _ in 0..<3 {
        let envelope = bench.make.envelope(to: ["crm", "bi"])
        _ = try await store.stored(envelope)
        #expect(
          try await lookup.event(envelope.firstEventID)?.deliveries.map(\.destination) == ["crm", "bi"])
      }
    },
    StoreClaim("deliveriesAreShownInOrderOfArrivalWithWhatTheirStateMeans") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: ["crm", "bi", "audit"], at: .second(7))
      let held = try await store.stored(envelope)
      bench.clock.set(.second(20))
      await store.settle(
        held[0].settled(.delivered, attempts: 4), held[1].settled(.dead(.exhausted), status: 422, attempts: 3)
      )
      await store.settle(held[2].settled(.retry(at: .second(90)), attempts: 2))
      let lookup = bench.lookup(store)
      func record(_ place: Int, _ state: DeliveryState, attempts: Int, failures: Int) -> DeliveryRecord {
        var record = DeliveryRecord(
          id: held[place].id, event: envelope.firstEventID, type: "createdChat", receivedAt: .second(7),
          destination: ["crm", "bi", "audit"][place], route: "all", configuration: "c1", run: 0, state: state,
          attempts: attempts, failureCount: failures)
        record.lastAttempt = DeliveryRecord.LastAttempt(
          at: .second(0), duration: .milliseconds(7), status: [200, 422, 500][place], error: nil)
        return record
      }
      var expected = [
        record(0, .delivered, attempts: 4, failures: 3), record(1, .dead, attempts: 3, failures: 3),
        record(2, .retrying, attempts: 2, failures: 2),
      ]
      expected[0].settledAt = .second(20)
      (expected[1].settledAt, expected[1].deathReason) = (.second(20), .exhausted)
      expected[2].due = .second(90)
      let found = try #require(try await lookup.event(envelope.firstEventID)).deliveries
      #expect(found.map(\.withoutFailures) == expected)
      #expect(found.map { $0.failures.map(\.status) } == [[], [422], [500]])
      #expect(try await store.change(.discard, .ids([held[1].id]), of: "bi") == 1)
      let discarded = try await lookup.event(envelope.firstEventID)?.deliveries[1]
      #expect(discarded?.discardReason == .person && discarded?.deathReason == nil)
    },
    StoreClaim("theLastAttemptAndTheFailuresAreShownWithTheirAnswers") { bench in
      let store = try await bench.open()
      let delivery = try await store.stored(bench.make.envelope()).only
      let peer = PeerAddress(.v4(0x7F00_0001), port: 443)
      var first = AttemptResult(
        startedAt: .second(5), duration: .microseconds(2_500),
        response: .failure(TransportFailure(kind: .timeout, message: "10 s")))
      first.peer = peer
      await store.settle(
        Settlement(delivery: delivery.id, attempts: 1, attempt: first, outcome: .retry(at: .second(6))))
      let again = try await store.claim(.retrying, now: .second(6)).deliveries.only
      var second = AttemptResult(
        startedAt: .second(60), duration: .microseconds(1_500),
        response: .status(503, body: Array("oops".utf8), retryAfter: nil))
      second.peer = peer
      second.firstByte = .microseconds(900)
      await store.settle(
        Settlement(delivery: again.id, attempts: 2, attempt: second, outcome: .retry(at: .second(70))))
      let found = try #require(
        try await bench.lookup(store).event(delivery.event.id)?.deliveries.first)
      #expect(found.lastAttempt?.at == .second(60) && found.lastAttempt?.status == 503)
      #expect(found.lastAttempt?.duration == .microseconds(1_500) && found.lastAttempt?.error == nil)
      #expect(found.lastAttempt?.peer == peer && found.lastAttempt?.firstByte == .microseconds(900))
      #expect(found.failures.map(\.attempt) == [1, 2] && found.failureCount == 2)
      #expect(found.failures.map(\.at) == [.second(5), .second(60)])
      #expect(found.failures.map(\.duration) == [.microseconds(2_500), .microseconds(1_500)])
      #expect(found.failures.map(\.status) == [nil, 503])
      #expect(found.failures[0].error?.isEmpty == false && found.failures[1].error == nil)
      #expect(found.failures.map(\.answer) == [nil, Array("oops".utf8)])
      #expect(found.failures.map(\.peer) == [peer, peer])
      #expect(found.failures.map(\.firstByte) == [nil, .microseconds(900)])
    },
    StoreClaim("aWaitingDeliveryNamesTheOneThatComesFirst") { bench in
      let store = try await bench.open()
      try await store.reorder(by: .chat)
      var events: [EventID] = []
      for chat in ["1", "1", "2", "1"] {
        let envelope = bench.make.envelope(chat: chat)
        events.append(envelope.firstEventID)
        _ = try await store.append(envelope)
      }
      let lookup = bench.lookup(store)
      var deliveries: [DeliveryRecord] = []
      for event in events { deliveries += try await lookup.event(event)?.deliveries ?? [] }
      #expect(deliveries.map(\.state) == [.fresh, .waiting, .fresh, .waiting])
      #expect(deliveries.map(\.waitsFor) == [nil, deliveries[0].id, nil, deliveries[0].id])
      let page = try await lookup.page(DeliveryFilter(destination: "crm"), limit: 9)
      #expect(page.deliveries == deliveries.reversed())
    },
    StoreClaim("thePlacesOfDeliveriesAreToldInTheOrderOfTheQuestion") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"]))
      await store.settle(held[1].settled(.dead(.permanent)))
      let lookup = bench.lookup(store)
      let crm = DeliveryPlace(id: held[0].id, destination: "crm", state: .pending)
      let bi = DeliveryPlace(id: held[1].id, destination: "bi", state: .dead)
      #expect(try await lookup.allPlaces([held[1].id, held[0].id]) == [bi, crm])
      #expect(
        try await lookup.allPlaces([held[0].id, DeliveryID(rawValue: 7_000), held[1].id]) == [crm, bi])
      #expect(try await lookup.allPlaces([]).isEmpty)
    },
    // Whether a lane has had them since they arrived, or they were given back.
    StoreClaim("whatLanesHaveIsAmongThePending") { bench in
      let store = try await bench.open()
      let first = try await store.stored(bench.make.envelope(to: ["crm"]))
      let both = try await store.stored(bench.make.envelope(to: ["crm", "bi"]))
      let last = try await store.stored(bench.make.envelope(to: ["bi"]))
      store.release(first.map(\.id))
      let lookup = bench.lookup(store)
      func pending(_ destination: String?) async throws -> [String] {
        let found = try await lookup.allDeliveries(
          DeliveryFilter(state: .pending, destination: destination), limit: 2)
        #expect(found.allSatisfy { $0.state == .fresh })
        return found.map(\.destination)
      }
      #expect(try await pending(nil) == ["bi", "bi", "crm", "crm"])
      #expect(try await pending("bi") == ["bi", "bi"])
      #expect(try await pending("audit") == [])
      #expect(
        try await lookup.page(DeliveryFilter(state: .pending), after: last[0].id, limit: 1).deliveries.map(
          \.id)
          == [both[1].id])
    },
    StoreClaim("theOldestPendingIsTheOneThatArrivedFirstWhateverItWaitsFor") { bench in
      let store = try await bench.open()
      var held: [Delivery] = []
      for second in 1...4 {
        held += try await store.stored(bench.make.envelope(to: ["crm", "bi"], at: .second(second)))
      }
      let lookup = bench.lookup(store)
      #expect(try await lookup.oldestPending() == ["crm": .second(1), "bi": .second(1)])
      await store.settle(
        held[0].settled(.delivered), held[2].settled(.dead(.permanent)), held[4].retried(at: 99),
        held[1].settled(.delivered))
      #expect(try await lookup.oldestPending() == ["crm": .second(3), "bi": .second(2)])
      await store.settle(
        held[3].settled(.delivered), held[5].settled(.delivered), held[7].settled(.delivered))
      #expect(try await lookup.oldestPending() == ["crm": .second(3)])
    },
    StoreClaim("whatIsDueSinceWhenLeavesOutWhatWaitsForItsOrderKey") { bench in
      let store = try await bench.open()
      try await store.reorder(by: .chat)
      let first = try await store.stored(bench.make.envelope(at: .second(1), chat: "1")).only
      _ = try await store.append(bench.make.envelope(at: .second(2), chat: "1"))
      let other = try await store.stored(bench.make.envelope(to: ["bi"], at: .second(3))).only
      let lookup = bench.lookup(store)
      #expect(try await lookup.oldestDue() == ["crm": .second(1), "bi": .second(3)])
      await store.settle(first.retried(at: 9), other.settled(.delivered))
      #expect(try await lookup.oldestDue() == ["crm": .second(9)])
    },
    StoreClaim("whatPendingOnesWaitForIsCounted") { bench in
      let store = try await bench.open()
      try await store.reorder(by: .chat)
      let first = try await store.stored(bench.make.envelope(chat: "1")).only
      for _ in 0..<2 { _ = try await store.append(bench.make.envelope(chat: "1")) }
      let other = try await store.stored(bench.make.envelope(to: ["bi"])).only
      let lookup = bench.lookup(store)
      #expect(try await lookup.waits(at: 0)["crm"] == PendingWaits(ordered: 2))
      #expect(try await lookup.waits(at: 0)["bi"] == PendingWaits())
      await store.settle(first.retried(at: 9), other.retried(at: 5))
      #expect(try await lookup.waits(at: 5)["crm"] == PendingWaits(later: 1, ordered: 2))
      #expect(try await lookup.waits(at: 5)["bi"] == PendingWaits(), "it is due")
    },
    StoreClaim("closingAnswersWhatWasAskedAndRefusesWhatComesLater") { bench in
      let store = try await bench.open()
      _ = try await store.stored(bench.make.envelope(at: .second(3)))
      let lookup = bench.lookup(store)
      let asked = (0..<20).map { _ in
        let promise = Promise<Result<[String: Timestamp], StoreError>>("the oldest pending ones")
        lookup.oldestPending { promise.keep($0) }
        return promise
      }
      let isClosed = lookup.close(within: .seconds(60))
      #expect(isClosed && asked.allSatisfy(\.isKept))
      #expect(try await asked[19].value.get() == ["crm": .second(3)])
      let refusal = await #expect(throws: StoreError.self) { try await lookup.look() }
      #expect(refusal == StoreError(code: .closed, message: "the store is closed"))
      let isClosedAgain = lookup.close(within: .seconds(60))
      #expect(isClosedAgain)
    },
  ]
}

extension DeliveryRecord {
  fileprivate var withoutFailures: DeliveryRecord {
    var record = self
    record.failures = []
    return record
  }
}

import RelayCore
import Testing

extension StoreConformance {
  /// What is removed of events before they go: by a person's right, and by retention.
  package static let erasing = [
    StoreClaim("anErasedEventKeepsItsRowsAndSaysNothingAnyMore") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(body: Array(#"{"name":"Ana"}"#.utf8))
      let held = try await store.stored(envelope)
      var failed = AttemptResult(
        startedAt: .second(1), duration: .milliseconds(5),
        response: .status(500, body: Array("what Ana wrote".utf8), retryAfter: nil))
      failed.evidence = AttemptEvidence(
        requestHeaders: Array("huggy-company: Ana".utf8), answerHeaders: Array("x-customer: Ana".utf8))
      await store.settle(
        Settlement(
          delivery: held[0].id, attempts: 1, attempt: failed, outcome: .retry(at: .second(2))))
      let again = await store.claim(.retrying, now: .second(2)).deliveries
      await store.settle(again[0].settled(.delivered))
      let id = held[0].event.id
      #expect(try await store.erase([id]) == ErasedEvents(erased: [id]))
      let reopened = try await bench.reopen(store)
      let lookup = bench.lookup(reopened)
      let event = try #require(try await lookup.event(id))
      #expect(event.body.isEmpty && event.hasNoBody && event.erasedAt != nil)
      #expect(event.deliveries.map(\.state) == [.delivered])
      #expect(event.deliveries[0].failures.map(\.status) == [500])
      #expect(event.deliveries[0].failures.map(\.answer) == [nil])
      #expect(event.deliveries[0].failures.map(\.evidence.requestHeaders) == [nil])
      #expect(event.deliveries[0].failures.map(\.evidence.answerHeaders) == [nil])
      // Again, and one that there is not: nothing.
      #expect(try await reopened.erase([id, bench.make.nextID(count: 1)]) == ErasedEvents())
      #expect(try await reopened.books() == ["crm": Books(delivered: 1)])
    },
    StoreClaim("anEventThatIsOwedSomethingIsErasedOnlyOnceThatIsCancelled") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      await store.settle(held[0].settled(.dead(.permanent)))
      store.release([held[1].id])
      let ids = held.map(\.event.id)
      #expect(try await store.erase(ids) == ErasedEvents(left: ids))
      // The third is in somebody's hands.
      #expect(try await store.change(.cancelForErasure, .ids(held.map(\.id))) == 2)
      #expect(try await store.erase(ids) == ErasedEvents(erased: [ids[0], ids[1]], left: [ids[2]]))
      #expect(try await store.books() == ["crm": Books(pending: 1, discarded: 2)])
      await store.settle(held[2].retried(at: 5))
      #expect(try await store.change(.cancelForErasure, .ids([held[2].id])) == 1)
      #expect(try await store.erase(ids) == ErasedEvents(erased: [ids[2]]))
      let again = try await bench.reopen(store)
      #expect(try await again.books() == ["crm": Books(discarded: 3)])
      #expect(await again.claim().ids.isEmpty)
      let reasons = try await bench.lookup(again).event(ids[0])?.deliveries.map(\.discardReason)
      #expect(reasons == [.erased])
    },
    StoreClaim("whatWasErasedIsNotRetriedAndIsCountedOnTheWay") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.settle(held[0].settled(.dead(.permanent)), held[1].settled(.dead(.permanent)))
      #expect(try await store.change(.discard, .ids(held.map(\.id))) == 2)
      #expect(try await store.erase([held[0].event.id]).erased.count == 1)
      let retry = DeliveryChange.retry(at: .second(1))
      let others = DeliveryFilter(state: .discarded, type: "somethingElse")
      #expect(
        await store.outcome(of: retry, .filter(others)) == ChangeOutcome(changed: 0), "it is of another type")
      #expect(await store.outcome(of: retry, .ids(held.map(\.id))) == ChangeOutcome(changed: 1, erased: 1))
      let discarded = DeliverySelection.filter(DeliveryFilter(state: .discarded))
      #expect(await store.outcome(of: retry, discarded) == ChangeOutcome(changed: 0, erased: 1))
      #expect(try await store.books() == ["crm": Books(pending: 1, discarded: 1)])
    },
    StoreClaim("whoCountsWhatCouldBeRetriedIsToldOfWhatWasErased") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      for delivery in held { await store.settle(delivery.settled(.dead(.permanent))) }
      #expect(try await store.change(.discard, .ids(held[..<2].map(\.id))) == 2)
      #expect(try await store.erase([held[0].event.id]).erased.count == 1)
      let lookup = bench.lookup(store)
      let places = Promise<Result<[DeliveryPlace], StoreError>>("places")
      lookup.places(of: held.map(\.id)) { places.keep($0) }
      #expect(try await places.value.get().map(\.isErased) == [true, false, false])
      let counts = Promise<Result<DeliveryCountPage, StoreError>>("counts")
      lookup.count(DeliveryFilter(state: .discarded), after: nil) { counts.keep($0) }
      let found = try await counts.value.get().counts
      #expect(found.total == 1 && found.erased == 1)
    },
    StoreClaim("anErasedEventThatComesAgainIsADuplicateAndGoesNowhere") { bench in
      let store = try await bench.open()
      let first = bench.make.envelope(to: [], events: 2, bytes: 1)
      #expect(try await store.stored(first).isEmpty)
      #expect(try await store.erase([first.firstEventID]).erased.count == 1)
      let outcome = try await store.append(bench.make.envelope(to: ["crm"], events: 2, bytes: 1))
      guard case .duplicate(let id, 2, let rerouted) = outcome else {
        Issue.record("not a duplicate")
        return
      }
      #expect(id == first.firstEventID)
      #expect(rerouted.places == [1] && rerouted.deliveries.count == 1)
    },
    StoreClaim("whatWentNowhereLosesItsBodyAndIsRoutedWithTheBytesThatComeAgain") { bench in
      var configuration = StoreConfiguration.test
      configuration.unroutedRetention = .seconds(100)
      let store = try await bench.open(configuration)
      let body = Array(#"{"id":7}"#.utf8)
      let first = bench.make.envelope(to: [], bytes: 1, body: body)
      #expect(try await store.stored(first).isEmpty)
      let kept = try await store.stored(bench.make.envelope(bytes: 2, body: body))
      bench.clock.set(.second(101))
      try await bench.waitForHousekeeping(store)
      let lookup = bench.lookup(store)
      let event = try #require(try await lookup.event(first.firstEventID))
      #expect(event.hasNoBody && event.erasedAt == nil)
      #expect(try await lookup.event(kept[0].event.id)?.body == body)
      let outcome = try await store.append(bench.make.envelope(to: ["bi"], bytes: 1, body: body))
      #expect(outcome.claimed.map(\.event.body) == [body])
      #expect(outcome.claimed.map(\.event.id) == [first.firstEventID])
      #expect(try await lookup.event(first.firstEventID)?.body == body)
    },
    StoreClaim("whatAReplaySendsKeepsItsBodyAndWhatHasNoneIsNotReplayed") { bench in
      var configuration = StoreConfiguration.test
      configuration.unroutedRetention = .seconds(100)
      let store = try await bench.open(configuration)
      let body = Array(#"{"id":7}"#.utf8)
      let (kept, gone) = (bench.make.envelope(to: [], body: body), bench.make.envelope(to: [], body: body))
      for envelope in [kept, gone] { _ = try await store.stored(envelope) }
      #expect(try await store.replayed(kept, to: ["crm"]).queued == 1)
      bench.clock.set(.second(101))
      try await bench.waitForHousekeeping(store)
      #expect(try await store.replayed(gone, to: ["crm"]).queued == 0)
      #expect(try await store.erase([kept.firstEventID]).left == [kept.firstEventID], "it is owed something")
      #expect(await store.claim(in: .replay).deliveries.map(\.event.body) == [body])
    },
    StoreClaim("aDeadLetterIsDiscardedWhenItHasBeenDeadForItsTime") { bench in
      var configuration = StoreConfiguration.test
      configuration.deadRetention = .seconds(100)
      let store = try await bench.open(configuration)
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.settle(held[0].settled(.dead(.permanent)))
      bench.clock.set(.second(60))
      await store.settle(held[1].settled(.dead(.expired)))
      bench.clock.set(.second(101))
      try await bench.waitForHousekeeping(store)
      #expect(try await store.books() == ["crm": Books(dead: 1, discarded: 1)])
      #expect(bench.observer.discardedDead == ["crm": 1])
      let lookup = bench.lookup(store)
      let first = try await lookup.event(held[0].event.id)?.deliveries.map(\.discardReason)
      #expect(first == [.retention])
      // Like whatever was discarded.
      #expect(try await store.change(.retry(at: .second(101)), .ids([held[0].id])) == 1)
    },
    StoreClaim("whatWasErasedIsOverwritten") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope())
      await store.settle(held[0].settled(.delivered))
      _ = try await store.erase([held[0].event.id])
      // Whoever can't overwrite it says where it may be found.
      let remaining = try await store.overwriteErased().remaining
      #expect((remaining == nil) == bench.home.ownsItsFiles)
      #expect(try await store.stored(bench.make.envelope()).count == 1, "it goes on")
    },
  ]
}

extension StoreBench {
  /// What is due by the clock is done.
  func waitForHousekeeping(_ store: any DeliveryStore) async throws {
    // Whatever wakes it: it looks at the clock then, and takes a step.
    for _ in 0..<5 { await store.ping() }
  }
}

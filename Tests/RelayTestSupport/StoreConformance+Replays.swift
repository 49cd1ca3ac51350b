import RelayCore
import Testing

extension StoreConformance {
  /// What is sent again.
  package static let replays = [
    StoreClaim("replaysHaveNumbersThatCountUpAlsoOverAReopen") { bench in
      let store = try await bench.open()
      let first = try await store.begin()
      let again = try await bench.reopen(store)
      let second = try await again.begin()
      #expect([first, second].map(\.id) == [1, 2])
      #expect(first.new == .test && first.state == .running && first.walk == .underWay)
    },
    StoreClaim("otherWordsTakeThePlaceOfAReplaysPlanAlsoWhileItIsUnderWay") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope()
      _ = try await store.stored(envelope)
      let begun = try await store.begin()
      try await store.amend(begun.id, plan: "another", reason: nil)
      try await store.amend(begun.id + 1, plan: "nobody's", reason: nil)
      let queued = try await store.queue(begun.step(envelope))
      #expect((queued.new.plan, queued.new.reason) == ("another", nil))
      let again = try await bench.reopen(store)
      let promise = Promise<Result<Replay?, StoreError>>("a replay")
      bench.lookup(again).replay(begun.id) { promise.keep($0) }
      let kept = try await promise.value.get()
      #expect(kept?.new.plan == "another" && kept?.new.reason == nil && kept?.queued == 1)
    },
    StoreClaim("whatAReplayQueuesIsHandedOutByClaimsOfItsQueueAlone") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(events: 2)
      let live = try await store.stored(envelope)
      await store.settle(live[0].settled(.delivered))
      store.release([live[1].id])
      bench.clock.set(.second(50))
      let replay = try await store.replayed(envelope, to: ["crm", "bi"])
      #expect(replay.queued == 4 && replay.matched == 2 && replay.pending == 4)
      #expect(await store.claim().ids == [live[1].id])
      let claimed = await store.claim(in: .replay)
      #expect(claimed.deliveries.map(\.event.id) == envelope.events.map(\.event.id))
      #expect(
        claimed.deliveries.allSatisfy { $0.run == replay.id && $0.attempts == 0 && $0.since == .second(50) })
      #expect(claimed.queue == .replay && claimed.isExhausted)
      #expect(await store.claim(in: .replay).ids.isEmpty)
      #expect(await store.claim(of: "bi").ids.isEmpty)
      #expect(await store.claim(in: .replay, of: "bi").deliveries.count == 2)
      let books = try await store.books()
      #expect(
        books == [
          "crm": Books(pending: 3, replaying: 2, delivered: 1), "bi": Books(pending: 2, replaying: 2),
        ])
    },
    StoreClaim("whatItQueuedAndItsCursorAreThereAfterAReopen") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(events: 3)
      for delivery in try await store.stored(envelope) { await store.settle(delivery.settled(.delivered)) }
      let begun = try await store.begin()
      _ = try await store.queue(begun.step(envelope, cursor: "so far"))
      let held = await store.claim(in: .replay, limit: 2).deliveries
      await store.settle(held[0].settled(.delivered))
      let again = try await bench.reopen(store)
      let found = try await again.queue(ReplayStep(replay: begun.id, entries: [], cursor: "so far"))
      #expect(found.cursors == ReplayCursors(main: .at("so far")))
      let step = ReplayStep(replay: begun.id, entries: [], cursor: "the end", isLast: true)
      let replay = try await again.queue(step)
      #expect(replay.queued == 3 && replay.delivered == 1 && replay.cursors.areOver)
      #expect(replay.walk == .ended && replay.state == .running)
      let rest = await again.claim(in: .replay).deliveries
      #expect(rest.map(\.event.id) == envelope.events.dropFirst().map(\.event.id))
    },
    StoreClaim("aReplaysOutcomesAreCountedInItsOwnBooksAndTheDestinations") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: ["bi"], events: 4)
      for delivery in try await store.stored(envelope) { await store.settle(delivery.settled(.delivered)) }
      let begun = try await store.begin()
      _ = try await store.queue(begun.step(envelope))
      let held = await store.claim(in: .replay).deliveries
      await store.settle(
        held[0].settled(.delivered), held[1].settled(.dead(.permanent)), held[2].retried(at: 5))
      var replay = try await store.queue(ReplayStep(replay: begun.id, entries: [], isLast: true))
      #expect(replay.delivered == 1 && replay.dead == 1 && replay.pending == 2 && replay.state == .running)
      #expect(try await store.destination()!.replaying == 2)
      #expect(await store.claim(.retrying, now: .second(5)).ids.isEmpty)
      #expect(await store.claim(.retrying, in: .replay, now: .second(4)).nextDue == .second(5))
      #expect(await store.claim(.retrying, in: .replay, now: .second(5)).ids == [held[2].id])
      await store.settle(held[2].settled(.delivered, attempts: 2), held[3].settled(.delivered))
      replay = try await store.queue(ReplayStep(replay: begun.id, entries: []))
      #expect(replay.delivered == 3 && replay.pending == 0 && replay.state == .done)
      #expect(try await store.destination().map(Books.init) == Books(dead: 1, delivered: 3))
    },
    StoreClaim("orderHoldsWithinOneReplayAndNeverBetween") { bench in
      let store = try await bench.open()
      try await store.reorder(by: .chat)
      let envelope = bench.make.envelope(to: [], events: 2, chat: "7")
      _ = try await store.append(envelope)
      let live = try await store.stored(bench.make.envelope(events: 2, chat: "7"))
      #expect(live.count == 1)
      for _ in 1...2 { _ = try await store.replayed(envelope) }
      let heads = await store.claim(in: .replay).deliveries
      #expect(heads.map(\.run) == [1, 2] && Set(heads.map(\.event.id)) == [envelope.firstEventID])
      let next = try await store.settle(heads[1].settled(.delivered)).only
      #expect(next.run == 2 && next.event.id == envelope.events[1].event.id)
      // What is live waits for none of them.
      let nextLive = try await store.settle(live[0].settled(.delivered)).only
      #expect(nextLive.run == 0)
      #expect(await store.settle(next.settled(.delivered)).isEmpty)
      let last = try await store.settle(heads[0].settled(.dead(.expired))).only
      #expect(last.run == 1)
    },
    StoreClaim("anotherOrderIsAlsoTheReplays") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], events: 3, chat: "7")
      _ = try await store.append(envelope)
      _ = try await store.replayed(envelope)
      try await store.reorder(by: .chat)
      let head = try await store.claim(in: .replay).deliveries.only
      #expect(head.event.id == envelope.firstEventID)
      #expect(await store.settle(head.settled(.delivered)).count == 1)
      let again = try await bench.reopen(store)
      try await again.reorder(by: .none)
      #expect(await again.claim(in: .replay).deliveries.count == 2)
    },
    StoreClaim("whatOneHasQueuedAndNobodyHoldsIsDiscardedWithIt") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: ["bi"], events: 3)
      _ = try await store.stored(envelope)
      let (first, second) = (try await store.replayed(envelope), try await store.replayed(envelope))
      let live = try await store.stored(bench.make.envelope())
      store.release(live.map(\.id))
      let inFlight = await store.claim(in: .replay, limit: 1).deliveries
      // It has queued all, and is not over.
      #expect(try await store.end(first.id, as: .cancelled)?.state == .cancelled)
      #expect(try await store.change(.discard, .replay(first.id)) == 2)
      #expect(try await store.books()["crm"] == Books(pending: 5, replaying: 4, discarded: 2))
      await store.settle(inFlight[0].settled(.delivered))
      let left = await store.claim(in: .replay).deliveries
      #expect(left.count == 3 && left.allSatisfy { $0.run == second.id })
      #expect(await store.claim().ids == live.map(\.id))
      let replay = try await store.queue(ReplayStep(replay: first.id, entries: []))
      #expect(replay.discarded == 2 && replay.delivered == 1 && replay.pending == 0)
    },
    StoreClaim("aDeadOneIsRetriedInItsOwnQueue") { bench in
      let store = try await bench.open()
      try await store.reorder(by: .chat)
      let envelope = bench.make.envelope(to: [], events: 2, chat: "7")
      _ = try await store.append(envelope)
      let replay = try await store.replayed(envelope)
      let head = try await store.claim(in: .replay).deliveries.only
      let next = try await store.settle(head.settled(.dead(.expired), attempts: 9)).only
      #expect(try await store.change(.retry(at: .second(7)), .filter(DeliveryFilter())) == 1)
      #expect(await store.claim(.retrying, now: .second(7)).ids.isEmpty)
      // Another of its key is in flight.
      #expect(await store.claim(.retrying, in: .replay, now: .second(7)).ids.isEmpty)
      let retried = try await store.settle(next.settled(.delivered)).only
      #expect(retried.id == head.id && retried.attempts == 9 && retried.countedAttempts == 0)
      await store.settle(retried.settled(.delivered))
      #expect(try await store.books() == ["crm": Books(delivered: 2)])
      let done = try await store.queue(ReplayStep(replay: replay.id, entries: [], isLast: true))
      #expect(done.delivered == 2 && done.dead == 0)
    },
    StoreClaim("aReplayAndWhatItQueuedAreSeenByWhoLooks") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(events: 2)
      for delivery in try await store.stored(envelope) { await store.settle(delivery.settled(.delivered)) }
      let replay = try await store.replayed(envelope, to: ["bi"])
      let unfinished = try await store.begin()
      let lookup = bench.lookup(store)
      let all = Promise<Result<[Replay], StoreError>>("the replays")
      lookup.replays(before: nil, limit: 9) { all.keep($0) }
      #expect(try await all.value.get().map(\.id) == [unfinished.id, replay.id])
      let before = Promise<Result<[Replay], StoreError>>("the replays before one")
      lookup.replays(before: unfinished.id, limit: 9) { before.keep($0) }
      #expect(try await before.value.get() == [replay])
      let rest = Promise<Result<[Replay], StoreError>>("the replays that go on")
      lookup.unfinishedReplays { rest.keep($0) }
      #expect(try await rest.value.get() == [unfinished])
      let event = Promise<Result<EventRecord?, StoreError>>("an event")
      lookup.event(envelope.firstEventID) { event.keep($0) }
      let deliveries = try #require(try await event.value.get()).deliveries
      #expect(deliveries.map(\.run) == [0, replay.id] && deliveries.map(\.destination) == ["crm", "bi"])
      #expect(deliveries[1].state == .fresh && deliveries[1].route == ReplayStep.personsRoute)
      let pending = Promise<Result<DeliveryPage, StoreError>>("the pending deliveries")
      lookup.deliveries(DeliveryFilter(state: .pending, destination: "bi"), after: nil, limit: 9) {
        pending.keep($0)
      }
      #expect(try await pending.value.get().deliveries.count == 2)
    },
    StoreClaim("whatAReplayNeedsToKnowOfAnEventSaysWhereItIsAlready") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: ["crm", "bi"], events: 2, chat: "7", body: Array("{ }".utf8))
      let held = try await store.stored(envelope)
      await store.settle(held[0].settled(.delivered), held[1].settled(.dead(.permanent)))
      _ = try await store.replayed(envelope, to: ["audit"])
      let page = Promise<Result<ReplayPage, StoreError>>("a page for a replay")
      bench.lookup(store).replayable(
        EventPageRequest(order: .oldestFirst, limit: 1, withBodies: true)
      ) { page.keep($0) }
      let found = try await page.value.get()
      let event = try #require(found.events.count == 1 ? found.events[0] : nil)
      #expect(
        event.record.id == envelope.firstEventID && event.record.chat == "7" && event.record.bodyBytes == 3)
      #expect(event.record.body == Array("{ }".utf8) && found.next == event.record.place)
      #expect(
        Set(event.standings) == [
          .init(destination: "crm", state: .delivered), .init(destination: "bi", state: .dead),
          .init(destination: "audit", state: .pending),
        ])
    },
    StoreClaim("eventsAreFoundByWhatBecameOfTheirReplays") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [])
      _ = try await store.append(envelope)
      _ = try await store.replayed(envelope, to: ["bi"])
      let page = Promise<Result<EventPage, StoreError>>("a page of events")
      bench.lookup(store).events(
        EventPageRequest(
          filter: EventFilter(destinations: [WildcardPattern("bi")], outcomes: [.pending]), limit: 9)
      ) { page.keep($0) }
      #expect(try await page.value.get().events.map(\.id) == [envelope.firstEventID])
    },
    StoreClaim("whatIsGoneAndWhatNobodyKnowsIsNotQueued") { bench in
      let store = try await bench.open()
      let begun = try await store.begin()
      let missing = bench.make.envelope()
      #expect(try await store.queue(begun.step(missing)).queued == 0)
      let known = bench.make.envelope(to: [])
      _ = try await store.append(known)
      let refusal = await #expect(throws: StoreError.self) {
        _ = try await store.queue(begun.step(known, to: ["stranger"]))
      }
      #expect(refusal?.message.contains("\"stranger\"") == true)
      #expect(
        await #expect(throws: StoreError.self) {
          _ = try await store.queue(ReplayStep(replay: 99, entries: []))
        }?.message.contains("99") == true)
    },
  ]
}

extension NewReplay {
  fileprivate static let test = NewReplay(
    plan: #"{"to":["crm"]}"#, expected: 3, who: "ana", reason: "bots", startedAt: .second(1))
}

extension Replay {
  func step(
    _ envelope: NewEnvelope, to destinations: [String] = ["crm"], cursor: String? = nil, ahead: Int = 1_000
  ) -> ReplayStep {
    ReplayStep(
      replay: id,
      entries: envelope.events.map { new in
        ReplayStep.Entry(
          event: new.event.id, source: new.event.envelope.source, chat: new.event.chat,
          bytes: new.event.footprint, targets: destinations.map { ReplayStep.Target(destination: $0) })
      }, cursor: cursor, ahead: ahead)
  }
}

extension DeliveryStore {
  func begin() async throws -> Replay { try await begun(.test) }

  package func begun(_ replay: NewReplay) async throws -> Replay {
    let promise = Promise<Result<Replay, StoreError>>("the beginning of a replay")
    begin(replay) { promise.keep($0) }
    return try await promise.value.get()
  }

  func posted(_ step: ReplayStep) -> Promise<Result<Replay, StoreError>> {
    let promise = Promise<Result<Replay, StoreError>>("the end of a replay's step")
    queue(step, progress: { _ in }) { promise.keep($0) }
    return promise
  }

  package func queue(_ step: ReplayStep) async throws -> Replay { try await posted(step).value.get() }

  package func end(_ replay: Int, as end: ReplayEnd) async throws -> Replay? {
    let promise = Promise<Result<Replay?, StoreError>>("the end of a replay")
    self.end(replay, as: end) { promise.keep($0) }
    return try await promise.value.get()
  }

  /// A replay of all its events, to its end.
  package func replayed(_ envelope: NewEnvelope, to destinations: [String] = ["crm"]) async throws
    -> Replay
  {
    var step = try await begin().step(envelope, to: destinations)
    step.isLast = true
    return try await queue(step)
  }
}

import RelayCore
import Testing

extension StoreConformance {
  /// How much replays may queue, and what waits for room.
  package static let replayRoom = [
    StoreClaim("itWaitsUntilItsQueueIsShortEnough") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: ["bi"], events: 3)
      for delivery in try await store.stored(envelope) { await store.settle(delivery.settled(.delivered)) }
      let begun = try await store.begin()
      let first = try await store.queue(begun.step(envelope, ahead: 3))
      #expect(first.queued == 3)
      let waiting = store.posted(begun.step(envelope, ahead: 4))
      await store.ping()
      #expect(!waiting.isKept)
      let held = await store.claim(in: .replay).deliveries
      await store.settle(held[0].settled(.delivered))
      await store.ping()
      #expect(!waiting.isKept)
      await store.settle(held[1].settled(.delivered))
      #expect(try await waiting.value.get().queued == 6)
      #expect(try await store.destination()!.replaying == 4)
    },
    StoreClaim("whatHasNoRoomIsPartedAndTheOthersGoOn") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], events: 3)
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      func step(_ cursor: String, part: String? = nil, to: [String] = ["crm", "bi"]) -> ReplayStep {
        var step = begun.step(envelope, to: to, cursor: cursor, ahead: 4)
        (step.part, step.others) = (part, part == nil ? ["crm", "bi"] : [])
        return step
      }
      #expect(try await store.queue(step("first")).queued == 6)
      // Neither has room, and neither lacks work.
      let waiting = store.posted(step("second"))
      await store.ping()
      #expect(!waiting.isKept)
      for delivery in await store.claim(in: .replay, of: "bi", limit: 2).deliveries {
        await store.settle(delivery.settled(.delivered))
      }
      let parted = try await waiting.value.get()
      #expect(parted.cursors == ReplayCursors(main: .at("second"), parted: ["crm": .at("first")]))
      #expect(parted.queued == 9 && parted.matched == 6)
      #expect(try await store.books()["crm"]?.replaying == 3)
      // What was parted is passed over; its own walk waits for its room, and is counted no second time.
      var last = step("third")
      last.isLast = true
      for delivery in await store.claim(in: .replay, of: "bi").deliveries {
        await store.settle(delivery.settled(.delivered))
      }
      #expect(try await store.queue(last).queued == 12)
      let own = store.posted(step("of its own", part: "crm", to: ["crm"]))
      await store.ping()
      #expect(!own.isKept)
      for delivery in await store.claim(in: .replay).deliveries {
        await store.settle(delivery.settled(.delivered))
      }
      let found = try await own.value.get()
      #expect(found.queued == 15 && found.matched == 9 && found.walk == .underWay)
      #expect(found.cursors == ReplayCursors(main: .over, parted: ["crm": .at("of its own")]))
      let again = try await bench.reopen(store)
      var end = ReplayStep(replay: begun.id, part: "crm", entries: [], cursor: "x", isLast: true)
      #expect(try await again.queue(end).walk == .ended)
      // One that is over queues nothing.
      end.entries = step("again", part: "crm", to: ["crm"]).entries
      #expect(try await again.queue(end).queued == 15)
    },
    StoreClaim("whereADestinationHasNothingToDoThatIsNotInTheStepTheFullOneIsParted") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], events: 2)
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      _ = try await store.queue(begun.step(envelope, cursor: "first"))
      var step = begun.step(envelope, cursor: "second", ahead: 3)
      let alone = store.posted(step)
      await store.ping()
      #expect(!alone.isKept, "there is no other")
      step.others = ["crm", "bi"]
      let other = try await store.queue(step)
      #expect(other.cursors.parted == ["crm": .at("first")] && other.queued == 2)
    },
    StoreClaim("itLeavesHalfOfTheRoomToWhatArrives") { bench in
      var configuration = StoreConfiguration.test
      configuration.maxBacklogBytes = ["crm": 4 * 514]
      let store = try await bench.open(configuration)
      let envelope = bench.make.envelope(to: [], events: 2)
      _ = try await store.append(envelope)
      let live = try await store.stored(bench.make.envelope())
      let begun = try await store.begin()
      let waiting = store.posted(begun.step(envelope))
      await store.ping()
      #expect(!waiting.isKept)
      // Nothing overflows because of it.
      let more = try await store.stored(bench.make.envelope(events: 3))
      #expect(more.count == 3)
      for delivery in live + more { await store.settle(delivery.settled(.delivered)) }
      #expect(try await waiting.value.get().queued == 2)
    },
    StoreClaim("oneThatWaitsForRoomIsAnsweredWhenTheStoreCloses") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], events: 2)
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      _ = try await store.queue(begun.step(envelope))
      let waiting = store.posted(begun.step(envelope, ahead: 2))
      store.close()
      let error = await #expect(throws: StoreError.self) { _ = try await waiting.value.get() }
      #expect(error?.code == .closed)
    },
    StoreClaim("oneThatHasEndedQueuesNothingAndItsStepsThatWaitAreAnswered") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], events: 2)
      _ = try await store.append(envelope)
      let (first, second) = (try await store.begin(), try await store.begin())
      _ = try await store.queue(first.step(envelope))
      let waiting = store.posted(first.step(envelope, ahead: 2))
      let ended = try await store.end(first.id, as: .cancelled)
      #expect(ended?.walk == .cancelled && ended?.state == .cancelled && ended?.endedAt != nil)
      #expect(try await waiting.value.get().queued == 2)
      #expect(try await store.queue(first.step(envelope)).queued == 2)
      let failed = try await store.end(second.id, as: .failed("no such luck"))
      #expect(failed?.state == .failed && failed?.failure == "no such luck")
      #expect(try await store.end(second.id, as: .cancelled)?.state == .failed)
      #expect(try await store.end(99, as: .cancelled) == nil)
    },
  ]
}

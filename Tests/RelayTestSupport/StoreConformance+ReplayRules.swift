import RelayCore
import Testing

extension StoreConformance {
  /// Which steps of replays find room, what parts a destination from the others, and what no step may do.
  package static let replayRules = [
    StoreClaim("anEmptyDestinationHasRoomForAStepOfAnySize") { bench in
      var configuration = StoreConfiguration.test
      configuration.maxBacklogBytes = ["crm": 514]
      let store = try await bench.open(configuration)
      let envelope = bench.make.envelope(to: [], events: 5)
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      #expect(try await store.queue(begun.step(envelope, ahead: 2)).queued == 5)
    },
    StoreClaim("whatIsDeadTakesRoomAndWhatWasDeliveredGivesItBack") { bench in
      var configuration = StoreConfiguration.test
      configuration.maxBacklogBytes = ["crm": 4 * 514]
      let store = try await bench.open(configuration)
      let (two, one) = (bench.make.envelope(to: [], events: 2), bench.make.envelope(to: []))
      for envelope in [two, one] { _ = try await store.append(envelope) }
      let begun = try await store.begin()
      _ = try await store.queue(begun.step(two))
      let waiting = store.posted(begun.step(one))
      await store.ping()
      #expect(!waiting.isKept)
      let held = await store.claim(in: .replay).deliveries
      await store.settle(held[0].settled(.dead(.permanent)))
      await store.ping()
      #expect(!waiting.isKept, "dead ones stay")
      await store.settle(held[1].settled(.delivered))
      #expect(try await waiting.value.get().queued == 3)
      // Nothing but dead ones is left, and they fill half of it.
      let last = try await store.claim(in: .replay).deliveries.only
      await store.settle(last.settled(.dead(.permanent)))
      let again = store.posted(begun.step(one))
      await store.ping()
      #expect(!again.isKept)
      #expect(try await store.change(.discard, .filter(DeliveryFilter())) == 2)
      #expect(try await again.value.get().queued == 4)
    },
    StoreClaim("aDestinationRunsShortOnceHalfOfWhatMayBeQueuedForItIsSent") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], events: 3)
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      var step = begun.step(envelope, to: ["crm", "bi"], cursor: "first", ahead: 5)
      _ = try await store.queue(step)
      step = begun.step(envelope, to: ["crm"], cursor: "second", ahead: 5)
      step.others = ["crm", "bi"]
      let waiting = store.posted(step)
      await store.ping()
      #expect(!waiting.isKept)
      await store.settle(await store.claim(in: .replay, of: "bi").deliveries[0].settled(.delivered))
      let parted = try await waiting.value.get()
      #expect(parted.cursors == ReplayCursors(main: .at("second"), parted: ["crm": .at("first")]))
    },
    StoreClaim("aDestinationThatHasNoRoomItselfRunsNotShort") { bench in
      var configuration = StoreConfiguration.test
      configuration.maxBacklogBytes = ["bi": 4 * 514]
      let store = try await bench.open(configuration)
      let live = try await store.stored(bench.make.envelope(to: ["bi"], events: 3))
      let envelope = bench.make.envelope(to: [], events: 2)
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      _ = try await store.queue(begun.step(envelope, cursor: "first"))
      var step = begun.step(envelope, cursor: "second", ahead: 2)
      step.others = ["crm", "bi"]
      let waiting = store.posted(step)
      await store.ping()
      #expect(!waiting.isKept)
      await store.settle(live[0].settled(.delivered))
      #expect(try await waiting.value.get().cursors.parted == ["crm": .at("first")])
    },
    StoreClaim("whatWasPartedStaysWhereItWasAndIsNoReasonToPartAnother") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], events: 2)
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      func step(_ cursor: String, to: [String]) -> ReplayStep {
        var step = begun.step(envelope, to: to, cursor: cursor, ahead: 3)
        step.others = ["crm", "bi"]
        return step
      }
      _ = try await store.queue(begun.step(envelope, to: ["crm"], cursor: "first", ahead: 3))
      let parted = ["crm": ReplayCursors.Place.at("first")]
      #expect(try await store.queue(step("second", to: ["crm"])).cursors.parted == parted)
      // Its own room does not matter to the walk of the others.
      let third = try await store.queue(step("third", to: ["crm", "bi"]))
      #expect(third.cursors == ReplayCursors(main: .at("third"), parted: parted) && third.queued == 4)
      // Nor that it runs short: that is its own walk's.
      for delivery in await store.claim(in: .replay).deliveries {
        await store.settle(delivery.settled(.delivered))
      }
      let waiting = store.posted(step("fourth", to: ["bi"]))
      await store.ping()
      #expect(!waiting.isKept)
      for delivery in await store.claim(in: .replay, of: "bi").deliveries {
        await store.settle(delivery.settled(.delivered))
      }
      #expect(try await waiting.value.get().cursors == ReplayCursors(main: .at("fourth"), parted: parted))
    },
    StoreClaim("aWalkThatIsOverQueuesNothingWhileAnotherOfItsReplayGoesOn") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [], events: 2)
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      _ = try await store.queue(begun.step(envelope, cursor: "first"))
      var last = begun.step(envelope, cursor: "second", ahead: 3)
      (last.others, last.isLast) = (["crm", "bi"], true)
      let over = try await store.queue(last)
      #expect(over.cursors == ReplayCursors(main: .over, parted: ["crm": .at("first")]))
      #expect(over.walk == .underWay && over.endedAt == nil)
      let late = try await store.queue(begun.step(envelope, to: ["bi"], cursor: "again"))
      #expect(late == over)
      #expect(try await store.queue(ReplayStep(replay: begun.id, part: "bi", entries: [])) == over)
    },
    StoreClaim("aReplayWhoseLastStepIsQueuedSaysWhen") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [])
      _ = try await store.append(envelope)
      bench.clock.set(.second(70))
      let ended = try await store.replayed(envelope)
      #expect(ended.walk == .ended && ended.endedAt == .second(70))
      bench.clock.set(.second(80))
      #expect(try await store.end(ended.id, as: .failed("too late"))?.walk == .ended)
      await store.settle(try await store.claim(in: .replay).deliveries.only.settled(.delivered))
      // Nothing of it is left to be cancelled.
      let late = try await store.end(ended.id, as: .cancelled)
      #expect(late?.walk == .ended && late?.endedAt == .second(70) && late?.state == .done)
    },
    StoreClaim("aRouteThatTheStoreDoesNotKnowIsRefused") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [])
      _ = try await store.append(envelope)
      let begun = try await store.begin()
      var step = begun.step(envelope)
      step.entries[0].targets = [ReplayStep.Target(destination: "crm", route: "stranger")]
      let refusal = await #expect(throws: StoreError.self) { _ = try await store.queue(step) }
      #expect(refusal?.message.contains("\"stranger\"") == true)
      step.entries[0].targets[0].route = "all"
      #expect(try await store.queue(step).queued == 1)
    },
    StoreClaim("whatIsQueuedCountsItsTimeWithoutWhatItsDestinationWasSuspended") { bench in
      let store = try await bench.open()
      let envelope = bench.make.envelope(to: [])
      _ = try await store.append(envelope)
      store.setSuspended(SuspendedTime(ended: .seconds(40)), of: "crm")
      bench.clock.set(.second(90))
      _ = try await store.replayed(envelope)
      #expect(try await store.claim(in: .replay).deliveries.only.since == .second(50))
    },
  ]
}

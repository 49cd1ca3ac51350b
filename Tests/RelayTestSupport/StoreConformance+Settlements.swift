import RelayCore
import Testing

extension StoreConformance {
  /// How deliveries end.
  static let settlements = [
    StoreClaim("whatIsDeliveredIsNeverHandedOutAgain") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      await store.settle(held[0].settled(.delivered), held[2].settled(.delivered))
      store.release(held.map(\.id))
      #expect(await store.claim().ids == [held[1].id])
      #expect(try await store.pendingCounts() == ["crm": DeliveryCounts(pending: 1)])
      #expect(try await bench.reopen(store).claim().ids == [held[1].id])
    },
    StoreClaim("deadLettersAreKeptOverAReopenAndNotHandedOut") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      for (delivery, reason) in zip(held, DeathReason.allCases) {
        await store.settle(delivery.settled(.dead(reason)))
      }
      let again = try await bench.reopen(store)
      #expect(try await again.pendingCounts() == ["crm": DeliveryCounts(dead: 3)])
      #expect(await again.claim(now: .second(99)).ids.isEmpty)
      #expect(await again.claim(.retrying, now: .second(99)).ids.isEmpty)
    },
    StoreClaim("aSettledDeliveryStaysAsItIs") { bench in
      let store = try await bench.open()
      let outcomes: [Settlement.Outcome] = [.delivered, .dead(.permanent), .retry(at: .second(5))]
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.settle(held[0].settled(.delivered), held[1].settled(.dead(.expired)))
      for outcome in outcomes { await store.settle(held[0].settled(outcome), held[1].settled(outcome)) }
      #expect(try await store.pendingCounts() == ["crm": DeliveryCounts(dead: 1)])
      #expect(await store.claim(.retrying, now: .second(99)).ids.isEmpty)
      #expect(try await bench.reopen(store).pendingCounts() == ["crm": DeliveryCounts(dead: 1)])
    },
    StoreClaim("theFirstOfTwoSettlementsInOneCallCounts") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope())
      await store.settle(held[0].settled(.dead(.permanent)), held[0].settled(.delivered))
      #expect(try await store.pendingCounts() == ["crm": DeliveryCounts(dead: 1)])
    },
    StoreClaim("aDeliveryCanBeSettledThatNobodyHolds") { bench in
      let store = try await filled(bench, 1)
      let delivery = try #require(await store.claim().deliveries.first)
      store.release([delivery.id])
      await store.settle(delivery.settled(.delivered))
      #expect(try await store.pendingCounts().isEmpty)
    },
    StoreClaim("settlingAnUnknownDeliveryChangesNothing") { bench in
      let store = try await filled(bench, 1)
      let known = try #require(await store.claim().deliveries.first)
      let unknown = Delivery(
        id: DeliveryID(rawValue: 4_711), event: known.event, destination: "crm", since: known.since)
      await store.settle(unknown.settled(.dead(.permanent)))
      await store.posted([Settlement]()).value
      #expect(try await store.pendingCounts() == ["crm": DeliveryCounts(pending: 1)])
    },
    StoreClaim("attemptsAreRecordedAsTheSettlementSays") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.settle(held[0].settled(.retry(at: .second(1)), attempts: 7), held[1].retried(at: 1))
      let claim = try await bench.reopen(store).claim(.retrying, now: .second(1))
      #expect(claim.deliveries.map(\.attempts) == [7, 1])
    },
    StoreClaim("pendingCountsAddFreshAndRetrying") { bench in
      let store = try await bench.open()
      #expect(try await store.pendingCounts().isEmpty)
      let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 2))
      await store.settle(held[0].retried(at: 9), held[1].settled(.dead(.permanent)))
      #expect(
        try await store.pendingCounts() == [
          "crm": DeliveryCounts(pending: 2), "bi": DeliveryCounts(pending: 1, dead: 1),
        ])
    },
  ]
}

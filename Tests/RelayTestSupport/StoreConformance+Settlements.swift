import RelayCore
import Testing

extension StoreConformance {
  /// How deliveries end.
  package static let settlements = [
    StoreClaim("whatIsDeliveredIsNeverHandedOutAgain") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      await store.settle(held[0].settled(.delivered), held[2].settled(.delivered))
      store.release(held.map(\.id))
      #expect(await store.claim().ids == [held[1].id])
      #expect(try await store.books() == ["crm": Books(pending: 1, delivered: 2)])
      #expect(try await bench.reopen(store).claim().ids == [held[1].id])
    },
    StoreClaim("deadLettersAreKeptOverAReopenAndNotHandedOut") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      for (delivery, reason) in zip(held, DeathReason.allCases) {
        await store.settle(delivery.settled(.dead(reason)))
      }
      let again = try await bench.reopen(store)
      #expect(try await again.books() == ["crm": Books(dead: 3)])
      #expect(await again.claim(now: .second(99)).ids.isEmpty)
      #expect(await again.claim(.retrying, now: .second(99)).ids.isEmpty)
    },
    StoreClaim("aSettledDeliveryStaysAsItIs") { bench in
      let store = try await bench.open()
      let outcomes: [Settlement.Outcome] = [.delivered, .dead(.permanent), .retry(at: .second(5))]
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.settle(held[0].settled(.delivered), held[1].settled(.dead(.expired)))
      for outcome in outcomes { await store.settle(held[0].settled(outcome), held[1].settled(outcome)) }
      #expect(try await store.books() == ["crm": Books(dead: 1, delivered: 1)])
      #expect(await store.claim(.retrying, now: .second(99)).ids.isEmpty)
      #expect(try await bench.reopen(store).books() == ["crm": Books(dead: 1, delivered: 1)])
    },
    StoreClaim("theFirstOfTwoSettlementsInOneCallCounts") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope())
      await store.settle(held[0].settled(.dead(.permanent)), held[0].settled(.delivered))
      #expect(try await store.books() == ["crm": Books(dead: 1)])
    },
    StoreClaim("aDeliveryCanBeSettledThatNobodyHolds") { bench in
      let store = try await filled(bench, 1)
      let delivery = try #require(await store.claim().deliveries.first)
      store.release([delivery.id])
      await store.settle(delivery.settled(.delivered))
      #expect(try await store.books() == ["crm": Books(delivered: 1)])
      #expect(try await store.destination()?.backlogBytes == 0)
    },
    StoreClaim("settlingAnUnknownDeliveryChangesNothing") { bench in
      let store = try await filled(bench, 1)
      let known = try #require(await store.claim().deliveries.first)
      let unknown = Delivery(
        id: DeliveryID(rawValue: 4_711), event: known.event, destination: "crm", since: known.since)
      await store.settle(unknown.settled(.dead(.permanent)))
      #expect(await store.posted([Settlement]()).value.isEmpty)
      #expect(try await store.books() == ["crm": Books(pending: 1)])
    },
    StoreClaim("attemptsAreRecordedAsTheSettlementSays") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.settle(held[0].settled(.retry(at: .second(1)), attempts: 7), held[1].retried(at: 1))
      let claim = try await bench.reopen(store).claim(.retrying, now: .second(1))
      #expect(claim.deliveries.map(\.attempts) == [7, 1])
    },
    StoreClaim("whatCountsAndTheLastProbeAreRecordedAsTheSettlementSays") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.settle(
        held[0].settled(.retry(at: .second(1)), attempts: 7, countedAttempts: 3, probedAt: .second(5)),
        held[1].retried(at: 1))
      let claim = try await bench.reopen(store).claim(.retrying, now: .second(1)).deliveries
      #expect(claim.map(\.countedAttempts) == [3, 1])
      #expect(claim.map(\.probedAt) == [.second(5), nil])
    },
    StoreClaim("unorderedDeliveriesAreNobodysTurn") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3, chat: "1"))
      #expect(held.count == 3)
      #expect(await store.settle(held[0].settled(.delivered), held[1].retried(at: 0)).isEmpty)
    },
    StoreClaim("booksAddFreshAndRetrying") { bench in
      let store = try await bench.open()
      #expect(try await store.books().isEmpty)
      let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 2))
      await store.settle(held[0].retried(at: 9), held[1].settled(.dead(.permanent)))
      #expect(
        try await store.books() == [
          "crm": Books(pending: 2), "bi": Books(pending: 1, dead: 1),
        ])
    },
  ]
}

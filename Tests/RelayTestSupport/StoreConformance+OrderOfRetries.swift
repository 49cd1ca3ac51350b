import RelayCore
import Testing

extension StoreConformance {
  /// A dead letter that a person retries takes its old place among its key's pending.
  package static let orderOfRetries = [
    StoreClaim("aRetriedDeadLetterGoesBeforeWhatHasNotBegun") { bench in
      let (store, dead, next) = try await afterADeath(bench)
      store.release([next.id])
      #expect(try await store.change(.retry(at: .second(5)), .ids([dead.id])) == 1)
      #expect(await store.claim(now: .second(9)).ids.isEmpty)
      let again = await store.claim(.retrying, now: .second(9)).deliveries
      #expect(again.map(\.id) == [dead.id])
      let turn = try await store.settle(again.only.settled(.delivered))
      #expect(turn.map(\.id) == [next.id])
      #expect(try await store.settle(turn.only.settled(.delivered)).count == 1)
    },
    StoreClaim("itWaitsForTheOneInFlightAndThenComesFirst") { bench in
      let (store, dead, next) = try await afterADeath(bench)
      try await store.change(.retry(at: .second(5)), .ids([dead.id]))
      bench.clock.set(.second(9))
      for kind in ClaimRequest.Kind.allCases {
        let claim = await store.claim(kind, now: .second(9))
        #expect(claim.ids.isEmpty && claim.isExhausted)
      }
      let turn = await store.settle(next.settled(.delivered))
      #expect(turn.map(\.id) == [dead.id])
      #expect(try turn.only.due == nil)
      #expect(try await store.settle(turn.only.settled(.delivered)).count == 1)
    },
    StoreClaim("theOneInFlightThatFailsThenWaitsAndKeepsItsTime") { bench in
      let (store, dead, next) = try await afterADeath(bench)
      try await store.change(.retry(at: .second(5)), .ids([dead.id]))
      bench.clock.set(.second(9))
      let first = await store.settle(next.retried(at: 60))
      #expect(first.map(\.id) == [dead.id])
      #expect(await store.claim(.retrying, now: .second(99)).ids.isEmpty)
      let turn = try await store.settle(first.only.settled(.delivered))
      // It is not due yet, and says so.
      #expect(turn.map(\.id) == [next.id])
      #expect(turn.map(\.due) == [.second(60)])
      #expect(try turn.only.attempts == 1)
      store.release(turn.map(\.id))
      #expect(await store.claim(.retrying, now: .second(59)).nextDue == .second(60))
      #expect(await store.claim(.retrying, now: .second(60)).ids == [next.id])
    },
    StoreClaim("theOneInFlightThatIsReleasedThenWaits") { bench in
      let (store, dead, next) = try await afterADeath(bench)
      try await store.change(.retry(at: .second(5)), .ids([dead.id]))
      store.release([next.id])
      #expect(await store.claim(now: .second(9)).ids.isEmpty)
      #expect(await store.claim(.retrying, now: .second(9)).ids == [dead.id])
    },
    StoreClaim("aRestartWhileItIsInFlightKeepsTheOrder") { bench in
      let (store, dead, next) = try await afterADeath(bench)
      try await store.change(.retry(at: .second(5)), .ids([dead.id]))
      let again = try await bench.reopen(store)
      #expect(await again.claim(now: .second(9)).ids.isEmpty)
      let first = await again.claim(.retrying, now: .second(9)).deliveries
      #expect(first.map(\.id) == [dead.id])
      #expect(try await again.settle(first.only.settled(.delivered)).map(\.id) == [next.id])
    },
    StoreClaim("deadLettersRetriedTogetherComeInTheirOrder") { bench in
      let store = try await ordered(bench, by: .chat)
      var turn = try await store.stored(bench.make.envelope(events: 4, chat: "1"))
      var ids: [DeliveryID] = []
      for _ in 0..<3 {
        ids.append(try turn.only.id)
        turn = try await store.settle(turn.only.settled(.dead(.exhausted)))
      }
      ids.append(try turn.only.id)
      store.release([try turn.only.id])
      #expect(try await store.change(.retry(at: .second(0)), .filter(DeliveryFilter(state: .dead))) == 3)
      var order: [DeliveryID] = []
      turn = await store.claim(.retrying, now: .second(1)).deliveries
      while let delivery = turn.first {
        #expect(turn.count == 1)
        order.append(delivery.id)
        turn = await store.settle(delivery.settled(.delivered))
      }
      #expect(order == ids)
    },
    StoreClaim("aDeadLetterIsRetriedByTheOrderOfToday") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 2, chat: "1"))
      await store.settle(held[0].settled(.dead(.permanent)))
      store.release([held[1].id])
      try await store.reorder(by: .chat)
      try await store.change(.retry(at: .second(0)), .ids([held[0].id]))
      #expect(await store.claim(now: .second(1)).ids.isEmpty)
      #expect(await store.claim(.retrying, now: .second(1)).ids == [held[0].id])
    },
  ]

  /// Of three deliveries of a chat the first has died, and the second is in flight.
  private static func afterADeath(
    _ bench: StoreBench
  ) async throws -> (store: any DeliveryStore, dead: Delivery, next: Delivery) {
    let store = try await ordered(bench, by: .chat)
    let first = try await store.stored(bench.make.envelope(events: 3, chat: "1"))
    let turn = try await store.settle(first.only.settled(.dead(.permanent)))
    return (store, try first.only, try #require(turn.first))
  }
}

import RelayCore
import Testing

extension StoreConformance {
  /// Deliveries that are due again.
  package static let retries = [
    StoreClaim("aRetryIsNotHandedOutBeforeItIsDue") { bench in
      let (store, held) = try await attempted(bench, due: [10])
      #expect(await store.claim(.retrying, now: .second(10).advanced(by: .microseconds(-1))).ids.isEmpty)
      #expect(await store.claim(.retrying, now: .second(10)).ids == held.map(\.id))
    },
    StoreClaim("aRetryIsNoLongerFresh") { bench in
      let (store, _) = try await attempted(bench, due: [10])
      let claim = await store.claim(now: .second(20))
      #expect(claim.ids.isEmpty && claim.isExhausted && claim.nextDue == nil)
    },
    StoreClaim("retriesComeByDueTimeThenArrival") { bench in
      let (store, held) = try await attempted(bench, due: [30, 10, 20, 10])
      let claim = await store.claim(.retrying, now: .second(60))
      #expect(claim.ids == [1, 3, 2, 0].map { held[$0].id })
    },
    StoreClaim("retriesAreHandedOutOnce") { bench in
      let (store, held) = try await attempted(bench, due: [10, 20, 30])
      let first = await store.claim(.retrying, now: .second(60), limit: 2)
      #expect(first.ids == held.prefix(2).map(\.id))
      #expect(!first.isExhausted)
      let second = await store.claim(.retrying, now: .second(60))
      #expect(second.ids == [held[2].id])
      #expect(second.isExhausted)
      #expect(await store.claim(.retrying, now: .second(60)).ids.isEmpty)
    },
    StoreClaim("nextDueIsTheFirstUnclaimedRetryThatIsNotYetDue") { bench in
      let (store, held) = try await attempted(bench, due: [10, 20, 30])
      let early = await store.claim(.retrying, now: .second(5))
      #expect(early.isExhausted && early.nextDue == .second(10))
      let due = await store.claim(.retrying, now: .second(20))
      #expect(due.ids == held.prefix(2).map(\.id))
      #expect(due.isExhausted && due.nextDue == .second(30))
      let last = await store.claim(.retrying, now: .second(30))
      #expect(last.isExhausted && last.nextDue == nil)
    },
    StoreClaim("nextDuePassesOverWhatIsHeldWhenTheClockGoesBack") { bench in
      let (store, _) = try await attempted(bench, due: [10, 20])
      _ = await store.claim(.retrying, now: .second(15))
      #expect(await store.claim(.retrying, now: .second(5)).nextDue == .second(20))
    },
    StoreClaim("nextDueIsOnlyForTheDestinationAsked") { bench in
      let (store, _) = try await attempted(bench, due: [10])
      let claim = await store.claim(.retrying, of: "bi", now: .second(5))
      #expect(claim.isExhausted && claim.nextDue == nil)
    },
    StoreClaim("aRetryThatFailsAgainIsHeldBackAgain") { bench in
      let (store, _) = try await attempted(bench, due: [10])
      let second = try #require(await store.claim(.retrying, now: .second(10)).deliveries.first)
      #expect(second.attempts == 1)
      await store.settle(second.retried(at: 40))
      #expect(await store.claim(.retrying, now: .second(39)).nextDue == .second(40))
      #expect(await store.claim(.retrying, now: .second(40)).deliveries.map(\.attempts) == [2])
    },
    StoreClaim("aRetryKeepsItsTimesAndAttemptsOverAReopen") { bench in
      let (store, held) = try await attempted(bench, due: [10])
      let again = try await bench.reopen(store)
      #expect(await again.claim(.retrying, now: .second(9)).nextDue == .second(10))
      let claim = await again.claim(.retrying, now: .second(10)).deliveries
      #expect(claim.map(\.id) == held.map(\.id))
      #expect(claim.map(\.attempts) == [1])
      #expect(claim.map(\.since) == held.map(\.since))
    },
    StoreClaim("aReleasedRetryIsHandedOutAgain") { bench in
      let (store, held) = try await attempted(bench, due: [10])
      store.release(await store.claim(.retrying, now: .second(10)).ids)
      #expect(await store.claim(.retrying, now: .second(10)).ids == held.map(\.id))
    },
    StoreClaim("theByteLimitHoldsForRetries") { bench in
      let (store, held) = try await attempted(bench, due: [10, 20])
      let claim = await store.claim(.retrying, now: .second(60), byteLimit: 1)
      #expect(claim.ids == [held[0].id] && !claim.isExhausted && claim.nextDue == nil)
    },
  ]

  /// A store with deliveries to `crm` whose first attempt failed, due again at those seconds.
  private static func attempted(
    _ bench: StoreBench, due seconds: [Int]
  ) async throws -> (any DeliveryStore, [Delivery]) {
    let store = try await bench.open()
    let held = try await store.stored(bench.make.envelope(events: seconds.count))
    for (delivery, second) in zip(held, seconds) { await store.settle(delivery.retried(at: second)) }
    return (store, held)
  }
}

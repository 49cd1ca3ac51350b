import RelayCore
import Testing

extension StoreConformance {
  /// What a person wants of deliveries.
  package static let changes = [
    StoreClaim("aRetriedDeadLetterIsPendingAgainAndItsLimitsCountAnew") { bench in
      let store = try await bench.open()
      let dead = try await store.stored(bench.make.envelope())[0]
      await store.settle(dead.settled(.dead(.exhausted), attempts: 9, countedAttempts: 7))
      #expect(try await store.change(.retry(at: .second(40)), .ids([dead.id])) == 1)
      #expect(try await store.books() == ["crm": Books(pending: 1)])
      let again = try await bench.reopen(store)
      #expect(await again.claim(now: .second(99)).ids.isEmpty)
      #expect(await again.claim(.retrying, now: .second(39)).nextDue == .second(40))
      let delivery = try #require(await again.claim(.retrying, now: .second(40)).deliveries.first)
      #expect(delivery.attempts == 9 && delivery.countedAttempts == 0 && delivery.since == .second(40))
      await again.settle(delivery.settled(.delivered))
      #expect(try await again.books() == ["crm": Books(delivered: 1)])
    },
    StoreClaim("onlyDeadLettersAreRetried") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 5))
      await store.settle(
        held[0].settled(.delivered), held[1].settled(.dead(.expired)), held[2].retried(at: 5))
      store.release([held[3].id])
      let before = try await store.books()
      for state in [DeliveryFilter.State.pending, .delivered, .discarded, .overflowed] {
        #expect(try await store.change(.retry(at: .second(1)), .filter(DeliveryFilter(state: state))) == 0)
      }
      #expect(try await store.books() == before)
      #expect(try await store.change(.retry(at: .second(1)), .ids(held.map(\.id))) == 1)
      #expect(await store.claim(.retrying, now: .second(1)).ids == [held[1].id])
    },
    StoreClaim("whatWasDiscardedIsRetriedOnlyWhereThatIsSaid") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 4))
      await store.settle(held[0].settled(.dead(.expired), attempts: 9), held[3].settled(.delivered))
      store.release([held[1].id, held[2].id])
      #expect(try await store.change(.discard, .ids(held.map(\.id))) == 3)
      let bytes = try await store.destination()?.backlogBytes
      #expect(try await store.change(.retry(at: .second(7)), .filter(DeliveryFilter())) == 0)
      let overflowed = DeliveryFilter(state: .overflowed)
      #expect(try await store.change(.retry(at: .second(7)), .filter(overflowed)) == 0)
      #expect(try await store.change(.retry(at: .second(7)), .ids([held[1].id, held[3].id])) == 1)
      let discarded = DeliveryFilter(state: .discarded, type: "CREATEDCHAT")
      #expect(try await store.change(.retry(at: .second(7)), .filter(discarded)) == 2)
      #expect(try await store.books() == ["crm": Books(pending: 3, delivered: 1)])
      let again = try await bench.reopen(store)
      #expect(try await again.destination()!.backlogBytes > bytes!)
      let claimed = await again.claim(.retrying, now: .second(7)).deliveries
      #expect(claimed.map(\.id) == held.prefix(3).map(\.id))
      #expect(claimed.map(\.attempts) == [9, 0, 0] && claimed.allSatisfy { $0.countedAttempts == 0 })
      await again.settle(claimed[0].settled(.delivered), claimed[1].settled(.delivered))
      #expect(try await again.books() == ["crm": Books(pending: 1, delivered: 3)])
    },
    StoreClaim("whatOverflowedIsRetriedAsFarAsThereIsRoom") { bench in
      let footprint = 514
      var configuration = StoreConfiguration.test
      configuration.maxBacklogBytes = ["crm": 2 * footprint]
      let store = try await bench.open(configuration)
      let held = try await store.stored(bench.make.envelope(events: 5))
      #expect(held.count == 2)
      #expect(try await store.destination()?.overflowed == 3)
      let overflowed = DeliverySelection.filter(DeliveryFilter(state: .overflowed))
      #expect(try await store.change(.retry(at: .second(1)), overflowed) == 0)
      await store.settle(held[0].settled(.delivered))
      #expect(try await store.change(.retry(at: .second(1)), overflowed) == 1)
      #expect(
        try await store.destination().map { [$0.pending, $0.overflowed, $0.backlogBytes] } == [
          2, 2, 2 * footprint,
        ])
      await store.settle(held[1].settled(.delivered))
      let first = try #require(await store.claim(.retrying, now: .second(1)).deliveries.first)
      #expect(first.attempts == 0 && first.id > held[1].id)
      await store.settle(first.settled(.delivered))
      #expect(try await store.change(.retry(at: .second(1)), .filter(DeliveryFilter(state: .discarded))) == 2)
      #expect(try await store.destination().map { [$0.pending, $0.overflowed, $0.delivered] } == [2, 0, 3])
    },
    StoreClaim("aRetriedDiscardedOneTakesItsPlaceInItsOrder") { bench in
      let store = try await bench.open()
      let ids = try await chats(["1", "1", "1"], store, bench)
      try await store.reorder(by: .chat)
      #expect(try await store.change(.discard, .ids([ids[0]])) == 1)
      #expect(try await store.change(.retry(at: .second(0)), .ids([ids[0]])) == 1)
      #expect(await store.claim().ids.isEmpty)
      let first = try #require(await store.claim(.retrying, now: .second(0)).deliveries.first)
      #expect(first.id == ids[0])
      #expect(await store.settle(first.settled(.delivered)).map(\.id) == [ids[1]])
    },
    StoreClaim("whatIsDiscardedIsNeverHandedOutAgain") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 5))
      await store.settle(
        held[0].settled(.dead(.expired)), held[1].retried(at: 5), held[2].settled(.delivered))
      store.release([held[3].id, held[4].id])
      #expect(try await store.change(.discard, .ids(held.dropLast().map(\.id))) == 3)
      let books = ["crm": Books(pending: 1, delivered: 1, discarded: 3)]
      #expect(try await store.books() == books)
      let again = try await bench.reopen(store)
      #expect(try await again.books() == books)
      #expect(await again.claim().ids == [held[4].id])
      #expect(await again.claim(.retrying, now: .second(99)).ids.isEmpty)
      #expect(try await again.change(.retry(at: .second(0)), .filter(DeliveryFilter())) == 0)
    },
    StoreClaim("whatIsClaimedIsLeftAsItIs") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      store.release([held[1].id])
      #expect(try await store.change(.discard, .filter(DeliveryFilter())) == 1)
      #expect(try await store.change(.discard, .ids(held.map(\.id))) == 0)
      await store.settle(held[0].settled(.delivered), held[1].settled(.delivered), held[2].retried(at: 0))
      #expect(try await store.books() == ["crm": Books(pending: 1, delivered: 1, discarded: 1)])
    },
    StoreClaim("onlyTheDestinationAskedIsChanged") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 2))
      store.release(held.map(\.id))
      let elsewhere = DeliveryFilter(destination: "bi")
      #expect(try await store.change(.discard, .filter(elsewhere)) == 0)
      #expect(try await store.change(.discard, .ids(held.map(\.id))) == 2)
      #expect(try await store.change(.discard, .filter(elsewhere), of: "bi") == 2)
      let unknown = await #expect(throws: StoreError.self) {
        try await store.change(.discard, .filter(DeliveryFilter()), of: "stranger")
      }
      #expect(unknown?.message.contains("\"stranger\"") == true)
      #expect(try await store.change(.discard, .ids([DeliveryID(rawValue: 4_711)])) == 0)
    },
    StoreClaim("everyConditionOfAFilterMustHold") { bench in
      let store = try await bench.open()
      for (second, type) in [(1, "createdChat"), (2, "closedChat"), (3, "createdchat"), (4, "createdChat")] {
        store.release(
          try await store.stored(bench.make.envelope(at: .second(second), type: type)).map(\.id))
      }
      let all = await store.claim().deliveries
      store.release(all.map(\.id))
      let filter = DeliveryFilter(
        state: .pending, destination: "crm", type: "CreatedChat", since: .second(2), until: .second(4))
      #expect(try await store.change(.discard, .filter(filter)) == 1)
      #expect(await store.claim().ids == [0, 1, 3].map { all[$0].id })
    },
    StoreClaim("howTheLastAttemptEndedIsHeeded") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 6))
      await store.settle(
        held[0].settled(.dead(.permanent), status: 422), held[1].settled(.dead(.permanent), status: 400),
        held[2].settled(.dead(.expired), status: 422), held[3].settled(.dead(.exhausted), status: 503),
        held[4].settled(.delivered, status: 200))
      store.release([held[5].id])
      func filter(_ reasons: [DeathReason], _ statuses: [StatusTest]) -> DeliveryFilter {
        var filter = DeliveryFilter()
        (filter.deathReasons, filter.statuses) = (reasons, statuses)
        return filter
      }
      func retry(_ reasons: [DeathReason], _ statuses: [StatusTest]) async throws -> Int {
        try await store.change(.retry(at: .second(1)), .filter(filter(reasons, statuses)))
      }
      #expect(try await retry([.permanent], [.noAnswer]) == 0)
      #expect(try await retry([.exhausted], [.statusClass(4)]) == 0)
      #expect(try await retry([.permanent], [.status(422), .status(503)]) == 1)
      #expect(await store.claim(.retrying, now: .second(1)).ids == [held[0].id])
      #expect(try await retry([], [.statusClass(5)]) == 1)
      // What was never attempted was not given up for any reason.
      #expect(try await store.change(.discard, .filter(filter([.expired, .permanent], []))) == 2)
      #expect(try await store.change(.discard, .filter(filter([], [.noAttempt]))) == 1)
      #expect(try await store.books() == ["crm": Books(pending: 2, delivered: 1, discarded: 3)])
    },
    StoreClaim("deliveriesAreCountedByWhatBecameOfThem") { bench in
      let store = try await bench.open()
      let first = try await store.stored(
        bench.make.envelope(events: 3, at: .second(1), type: "createdChat"))
      let second = try await store.stored(bench.make.envelope(at: .second(9), type: "createdChat"))
      let other = try await store.stored(
        bench.make.envelope(to: ["bi"], events: 2, at: .second(5), type: "closedChat"))
      await store.settle(
        first[0].settled(.dead(.permanent), status: 422), first[1].settled(.dead(.permanent), status: 422),
        first[2].settled(.dead(.expired), status: 503), second[0].settled(.dead(.permanent), status: 422),
        other[0].settled(.dead(.permanent), status: 422))
      let promise = Promise<Result<DeliveryGroupPage, StoreError>>("groups")
      bench.lookup(store).groups(DeliveryFilter(state: .dead), after: nil) { promise.keep($0) }
      let found = try await promise.value.get()
      #expect(found.next == nil)
      let shown = found.groups.all.map { group in
        "\(group.count) \(group.kind.destination) \(group.kind.type) \(group.kind.reason ?? "-") \(group.kind.status)"
      }
      #expect(
        shown == [
          "3 crm createdChat permanent 422", "1 bi closedChat permanent 422",
          "1 crm createdChat expired 503",
        ])
      let largest = try #require(found.groups.all.first)
      #expect(largest.first == .second(1) && largest.last == .second(9))
    },
    StoreClaim("theStateOfAFilterIsHeeded") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 6))
      await store.settle(
        held[0].settled(.dead(.expired)), held[1].retried(at: 5), held[2].settled(.delivered))
      store.release(held[3...].map(\.id))
      func discard(_ state: DeliveryFilter.State?) async throws -> Int {
        try await store.change(.discard, .filter(DeliveryFilter(state: state)))
      }
      #expect(try await discard(.delivered) == 0)
      #expect(try await discard(.discarded) == 0)
      #expect(try await discard(.overflowed) == 0)
      #expect(try await discard(.dead) == 1)
      #expect(try await store.books() == ["crm": Books(pending: 4, delivered: 1, discarded: 1)])
      #expect(try await discard(.pending) == 4)
      #expect(try await discard(nil) == 0)
      #expect(try await store.books() == ["crm": Books(delivered: 1, discarded: 5)])
    },
    StoreClaim("aChangeReachesAllHoweverManyThereAre") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 1_500))
      _ = await store.posted(held.prefix(1_203).map { $0.settled(.dead(.permanent)) }).value
      #expect(try await store.change(.retry(at: .second(0)), .filter(DeliveryFilter())) == 1_203)
      #expect(try await store.books() == ["crm": Books(pending: 1_500)])
      store.release(held.suffix(297).map(\.id))
      #expect(try await store.change(.discard, .ids(held.map(\.id) + held.map(\.id))) == 1_500)
      #expect(try await store.destination().map { [$0.discarded, $0.backlogBytes] } == [1_500, 0])
    },
    StoreClaim("whenAFirstIsDiscardedTheNextOfItsKeyTakesItsPlace") { bench in
      let store = try await bench.open()
      let ids = try await chats(["1", "2", "1", "1", "2"], store, bench)
      try await store.reorder(by: .chat)
      #expect(try await store.change(.discard, .ids([ids[0], ids[2]])) == 2)
      #expect(await store.claim().ids == [ids[1], ids[3]])
    },
    StoreClaim("discardingWhatWaitsLeavesTheFirstInHand") { bench in
      let store = try await bench.open()
      let ids = try await chats(["1", "1", "1"], store, bench)
      try await store.reorder(by: .chat)
      let first = try #require(await store.claim().deliveries.first)
      #expect(try await store.change(.discard, .filter(DeliveryFilter())) == 2)
      #expect(await store.claim().ids.isEmpty)
      #expect(first.id == ids[0])
      #expect(await store.settle(first.settled(.delivered)).isEmpty)
      #expect(try await store.books() == ["crm": Books(delivered: 1, discarded: 2)])
    },
  ]
}

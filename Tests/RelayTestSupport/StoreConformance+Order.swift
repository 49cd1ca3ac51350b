import RelayCore
import Testing

extension StoreConformance {
  /// One at a time per order key, in order of arrival.
  package static let order = [
    StoreClaim("ofOneKeyOnlyTheFirstIsHandedOut") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 3, chat: "1"))
      #expect(first.count == 1)
      #expect(try await store.stored(bench.make.envelope(chat: "1")).isEmpty)
      #expect(await store.claim(now: .second(99)).ids.isEmpty)
      #expect(try await store.books() == ["crm": Books(pending: 4)])
    },
    StoreClaim("whenItIsSettledTheNextComesClaimedWithTheAnswer") { bench in
      let store = try await ordered(bench, by: .chat)
      for (chat, outcome) in [("1", .delivered), ("2", .dead(.permanent))] as [(String, Settlement.Outcome)] {
        let envelope = bench.make.envelope(events: 3, chat: chat)
        var turn = try await store.stored(envelope)
        var events: [EventID] = []
        while let delivery = turn.first {
          #expect(turn.count == 1)
          events.append(delivery.event.id)
          // It is held: nobody else gets it.
          #expect(await store.claim().ids.isEmpty)
          turn = await store.settle(delivery.settled(outcome))
        }
        #expect(events == envelope.events.map(\.event.id))
      }
    },
    StoreClaim("theNextOneComesWithAllItHas") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(chat: "1"))
      let second = bench.make.envelope(at: .second(7), chat: "1", body: Array(#"{"a":1}"#.utf8))
      _ = try await store.stored(second)
      let next = try #require(await store.settle(first.only.settled(.delivered)).first)
      #expect(DeliveredContent(next.event) == DeliveredContent(second.events[0].event))
      #expect(next.destination == "crm" && next.attempts == 0 && next.since == .second(7) && next.due == nil)
    },
    StoreClaim("whileTheFirstIsTriedAgainTheOthersWait") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 2, chat: "1"))[0]
      #expect(await store.settle(first.retried(at: 10)).isEmpty)
      #expect(await store.claim(now: .second(99)).ids.isEmpty)
      let again = await store.claim(.retrying, now: .second(10)).deliveries
      #expect(again.map(\.id) == [first.id])
      #expect(try await store.settle(again.only.settled(.delivered)).count == 1)
    },
    StoreClaim("keysDoNotWaitForOneAnother") { bench in
      let store = try await ordered(bench, by: .chat)
      let one = try await store.stored(bench.make.envelope(chat: "1"))
      let two = try await store.stored(bench.make.envelope(chat: "2"))
      let other = try await store.stored(bench.make.envelope(source: "other", chat: "1"))
      let none = try await store.stored(bench.make.envelope(events: 2))
      #expect([one, two, other, none].map(\.count) == [1, 1, 1, 2])
      _ = try await store.stored(bench.make.envelope(chat: "1"))
      #expect(await store.settle(two[0].settled(.delivered), none[0].settled(.delivered)).isEmpty)
    },
    StoreClaim("destinationsDoNotWaitForOneAnother") { bench in
      let store = try await ordered(bench, by: .chat)
      let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 2, chat: "1"))
      #expect(held.map(\.destination) == ["crm", "bi", "bi"])
      #expect(await store.settle(held[1].settled(.delivered), held[2].settled(.delivered)).isEmpty)
      #expect(await store.settle(held[0].settled(.delivered)).map(\.destination) == ["crm"])
    },
    StoreClaim("byDestinationEverythingIsOneKey") { bench in
      let store = try await ordered(bench, by: .destination)
      let first = try await store.stored(bench.make.envelope(events: 2))
      #expect(first.count == 1)
      #expect(try await store.stored(bench.make.envelope(source: "other", chat: "2")).isEmpty)
      let second = try await store.settle(first.only.settled(.delivered))
      #expect(
        try await store.settle(second.only.settled(.delivered)).map(\.event.envelope.source) == ["other"])
    },
    StoreClaim("orderHoldsOverAReopen") { bench in
      let store = try await ordered(bench, by: .chat)
      let envelope = bench.make.envelope(events: 3, chat: "1")
      let first = try await store.stored(envelope)[0]
      _ = await store.settle(first.settled(.delivered))
      let again = try await bench.reopen(store)
      let second = await again.claim().deliveries
      #expect(second.map(\.event.id) == [envelope.events[1].event.id])
      #expect(try await again.stored(bench.make.envelope(chat: "1")).isEmpty)
      let third = try await again.settle(second.only.settled(.dead(.expired)))
      #expect(third.map(\.event.id) == [envelope.events[2].event.id])
    },
    StoreClaim("whatWaitsTakesNoPlaceInAClaim") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 50, chat: "1"))
      let other = try await store.stored(bench.make.envelope(chat: "2"))
      store.release((first + other).map(\.id))
      let claim = await store.claim(limit: 3)
      #expect(claim.ids == [first[0].id, other[0].id] && claim.isExhausted)
    },
    StoreClaim("aReleasedFirstStaysTheFirst") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 2, chat: "1"))
      store.release(first.map(\.id))
      #expect(await store.claim().ids == first.map(\.id))
    },
    StoreClaim("severalKeysTurnsComeWithOneAnswer") { bench in
      let store = try await ordered(bench, by: .chat)
      var held: [Delivery] = []
      var next: [EventID] = []
      for chat in ["1", "2", "3"] {
        let envelope = bench.make.envelope(events: 2, chat: chat)
        held += try await store.stored(envelope)
        next.append(envelope.events[1].event.id)
      }
      let turns = await store.posted(held.map { $0.settled(.delivered) }).value
      #expect(turns.map(\.event.id) == next)
    },
    StoreClaim("arrivalAndSettlementInOneBatchLeaveExactlyOneInHand") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(chat: "1"))
      let gate = Gate()
      gate.hold(store)
      let before = store.posted(bench.make.envelope(chat: "1"))
      let settled = try store.posted([first.only.settled(.delivered)])
      let after = store.posted(bench.make.envelope(chat: "1"))
      gate.open()
      var held = await settled.value
      for promise in [before, after] {
        if case .stored(let deliveries) = try await promise.value.get() { held += deliveries }
      }
      #expect(held.count == 1)
      #expect(await store.claim().ids.isEmpty)
      let second = await store.settle(held[0].settled(.delivered))
      #expect(try second.count == 1 && second.only.id > held[0].id)
    },
  ]

  /// A store whose `crm` is ordered.
  static func ordered(_ bench: StoreBench, by ordering: Ordering) async throws -> any DeliveryStore {
    let store = try await bench.open()
    try await store.reorder(by: ordering)
    return store
  }
}

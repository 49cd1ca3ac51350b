import RelayCore
import RelayThreads
import Testing

extension StoreConformance {
  /// A change of what a destination is ordered by.
  package static let reordering = [
    StoreClaim("aNewOrderIsKeptOverAReopen") { bench in
      let store = try await bench.open()
      for ordering in Ordering.allCases.reversed() {
        try await store.reorder(by: ordering)
        #expect(try await store.destination()?.ordering == ordering)
        #expect(try await store.destination("bi")?.ordering == Ordering.none)
      }
      try await store.reorder(by: .chat)
      #expect(try await bench.reopen(store).destination()?.ordering == .chat)
    },
    StoreClaim("ofWhatWasUnorderedOnlyTheFirstOfEachKeyIsHandedOut") { bench in
      let store = try await bench.open()
      let ids = try await chats(["1", "2", "1", nil, "2", "1", nil], store, bench)
      try await store.reorder(by: .chat)
      #expect(await store.claim().ids == [0, 1, 3, 6].map { ids[$0] })
    },
    StoreClaim("whatWasOrderedIsAllHandedOutOnceItIsNot") { bench in
      let store = try await bench.open()
      let ids = try await chats(["1", "2", "1", nil, "1"], store, bench)
      try await store.reorder(by: .destination)
      #expect(await store.claim().ids == [ids[0]])
      store.release([ids[0]])
      try await store.reorder(by: .none)
      #expect(await store.claim().ids == ids)
    },
    StoreClaim("aRetryKeepsItsTimeOverAChangeOfOrder") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3, chat: "1"))
      await store.settle(held[0].retried(at: 30), held[1].retried(at: 20))
      store.release([held[2].id])
      try await store.reorder(by: .chat)
      #expect(await store.claim(.retrying, now: .second(29)).nextDue == .second(30))
      bench.clock.set(.second(30))
      let first = await store.claim(.retrying, now: .second(30)).deliveries
      #expect(first.map(\.id) == [held[0].id])
      let second = try await store.settle(first.only.settled(.delivered))
      #expect(second.map(\.id) == [held[1].id])
      #expect(second.map(\.attempts) == [1])
      try await store.reorder(by: .none)
      #expect(await store.claim().ids == [held[2].id])
    },
    StoreClaim("ofOneKeyNothingMoreIsHandedOutWhileAnyOfItIsInFlight") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 4, chat: "1"))
      store.release([held[0].id, held[3].id])
      try await store.reorder(by: .chat)
      #expect(await store.claim().ids.isEmpty)
      #expect(await store.settle(held[2].settled(.delivered)).isEmpty)
      #expect(await store.claim().ids.isEmpty)
      // That fails, and waits with the rest.
      let turn = await store.settle(held[1].retried(at: 0))
      #expect(turn.map(\.id) == [held[0].id])
      let second = try await store.settle(turn.only.settled(.delivered))
      #expect(second.map(\.id) == [held[1].id])
      #expect(try await store.settle(second.only.settled(.delivered)).map(\.id) == [held[3].id])
    },
    StoreClaim("whatArrivesMeanwhileFindsItsPlace") { bench in
      let store = try await bench.open()
      var ids = try await chats((0..<1_200).map { String($0 % 40) }, store, bench)
      await store.hold("crm")
      let reordered = store.postedReorder(by: .chat)
      var arrivals = 0
      repeat {
        let events = try await store.stored(bench.make.envelope(events: 3, chat: String(arrivals % 60)))
        #expect(events.isEmpty)
        arrivals += 1
      } while !reordered.isKept
      try await reordered.value.get()
      store.resume(["crm"])
      var last: [String: DeliveryID] = [:]
      var turn = await store.claim().deliveries
      #expect(Set(turn.map(\.event.chat)).count == turn.count)
      ids = []
      while !turn.isEmpty {
        for delivery in turn {
          let chat = delivery.event.chat!
          #expect(last[chat].map { $0 < delivery.id } ?? true)
          last[chat] = delivery.id
          ids.append(delivery.id)
        }
        turn = await store.posted(turn.map { $0.settled(.delivered) }).value
      }
      #expect(ids.count == 1_200 + 3 * arrivals)
      #expect(Set(ids).count == ids.count)
    },
    StoreClaim("anOrderThatStandsIsNotMadeAnew") { bench in
      let store = try await ordered(bench, by: .chat)
      _ = try await store.stored(bench.make.envelope(events: 2, chat: "1"))
      let commits = bench.observer.operations.count
      try await store.reorder(by: .chat)
      #expect(bench.observer.operations.count == commits)
    },
    StoreClaim("anUnknownDestinationCannotBeOrdered") { bench in
      let store = try await bench.open()
      let refusal = await #expect(throws: StoreError.self) { try await store.reorder("stranger", by: .chat) }
      #expect(refusal?.message.contains("\"stranger\"") == true)
    },
    StoreClaim("whileAnOrderThatWasCutOffIsNotMadeNothingIsHandedOut") { bench in
      let store = try await bench.open()
      let ids = try await chats((0..<2_000).map { String($0 % 2) }, store, bench)
      let gate = Gate()
      gate.hold(store)
      let reordered = store.postedReorder(by: .chat)
      let closing = WorkerThread(name: "closing") { store.close() }
      // A store tells nobody that it closes, but then it refuses at once, on this thread.
      let end = ContinuousClock.now.advanced(by: .seconds(60))
      while !store.postedDestinations().isKept && ContinuousClock.now < end { await Task.yield() }
      #expect(ContinuousClock.now < end, "it refuses nothing within a minute of being closed")
      gate.open()
      closing.join()
      let failure = await #expect(throws: StoreError.self) { try await reordered.value.get() }
      #expect(failure?.code == .closed)
      let again = try await bench.open()
      let cutOff = try #require(try await again.destination())
      #expect(cutOff.ordering == nil && cutOff.pending == 2_000)
      #expect(try await again.stored(bench.make.envelope()).isEmpty)
      let claim = await again.claim()
      #expect(claim.ids.isEmpty && !claim.isExhausted)
      try await again.reorder(by: .chat)
      #expect(await again.claim(limit: 2).ids == [ids[0], ids[1]])
    },
  ]

  /// Deliveries to `crm` that nobody holds, each of its own envelope, of these chats.
  static func chats(
    _ chats: [String?], _ store: any DeliveryStore, _ bench: StoreBench
  ) async throws -> [DeliveryID] {
    let posted = chats.map { store.posted(bench.make.envelope(chat: $0)) }
    var ids: [DeliveryID] = []
    for promise in posted {
      guard case .stored(let deliveries) = try await promise.value.get() else { throw UnexpectedDuplicate() }
      ids += deliveries.map(\.id)
    }
    store.release(ids)
    return ids
  }
}

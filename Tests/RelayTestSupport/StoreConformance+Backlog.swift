import RelayCore
import Testing

extension StoreConformance {
  /// A destination that is owed as much as it may be.
  package static let backlog = [
    StoreClaim("whatGoesOverTheBacklogIsDiscardedAndTold") { bench in
      let store = try await limited(bench, to: 3)
      let envelope = bench.make.envelope(to: ["crm", "bi"], events: 5)
      let held = try await store.stored(envelope)
      // In the order of the envelope: the first three of `crm`.
      #expect(
        held.filter { $0.destination == "crm" }.map(\.event.id) == envelope.events.prefix(3).map(\.event.id))
      #expect(held.count { $0.destination == "bi" } == 5)
      let books = ["crm": Books(pending: 3, overflowed: 2), "bi": Books(pending: 5)]
      #expect(try await store.books() == books)
      #expect(bench.observer.overflows == ["crm": 2])
      let again = try await bench.reopen(store, with: limit(3))
      #expect(try await again.books() == books)
      #expect(await again.claim().ids.count == 3)
      #expect(try await again.stored(bench.make.envelope()).isEmpty)
      #expect(bench.observer.overflows == ["crm": 3])
    },
    StoreClaim("deadLettersCountTowardTheBacklogAndWhatIsDeliveredDoesNot") { bench in
      let store = try await limited(bench, to: 3)
      let held = try await store.stored(bench.make.envelope(events: 3))
      await store.settle(held[0].settled(.dead(.permanent)), held[1].retried(at: 9))
      #expect(try await store.stored(bench.make.envelope()).isEmpty)
      await store.settle(held[2].settled(.delivered))
      #expect(try await store.stored(bench.make.envelope(events: 2)).count == 1)
      #expect(try await store.destination()?.backlogBytes == 3 * size)
    },
    StoreClaim("whatIsDiscardedMakesRoom") { bench in
      let store = try await limited(bench, to: 2)
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.settle(held[0].settled(.dead(.permanent)))
      store.release([held[1].id])
      try await store.change(.discard, .ids([held[0].id]))
      _ = try await store.append(bench.make.envelope(events: 2))
      #expect(try await store.books() == ["crm": Books(pending: 2, discarded: 1, overflowed: 1)])
      try await store.change(.discard, .ids([held[1].id]))
      _ = try await store.append(bench.make.envelope())
      #expect(try await store.books() == ["crm": Books(pending: 2, discarded: 2, overflowed: 1)])
    },
    StoreClaim("aNewLimitHoldsAtOnce") { bench in
      let store = try await limited(bench, to: 1)
      #expect(try await store.stored(bench.make.envelope(events: 2)).count == 1)
      try await store.configure(limit(4))
      #expect(try await store.stored(bench.make.envelope(events: 9)).count == 3)
      try await store.configure(.test)
      #expect(try await store.stored(bench.make.envelope(events: 9)).count == 9)
    },
    StoreClaim("withoutALimitOfItsOwnADestinationMayFillTheStore") { bench in
      var configuration = StoreConfiguration.test
      configuration.maxBytes = 1 << 30
      let store = try await bench.open(configuration)
      let body = [UInt8](repeating: 0x20, count: 100_000)
      #expect(try await store.stored(bench.make.envelope(events: 3, body: body)).count == 3)
      configuration.maxBytes = 3 * (100_000 + 512) + 1
      configuration.maxBacklogBytes = ["bi": 1]
      try await store.configure(configuration)
      #expect(try await store.books() == ["crm": Books(pending: 3)])
    },
    StoreClaim("anOverflowIsNobodysTurn") { bench in
      let store = try await limited(bench, to: 2)
      try await store.reorder(by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 4, chat: "1"))
      #expect(try await store.books() == ["crm": Books(pending: 2, overflowed: 2)])
      let second = try await store.settle(first.only.settled(.delivered))
      #expect(second.count == 1)
      #expect(try await store.settle(second.only.settled(.delivered)).isEmpty)
    },
    StoreClaim("everyDeliveryCountsItsBodyAndALittle") { bench in
      let store = try await bench.open()
      let held = try await store.stored(
        bench.make.envelope(to: ["crm", "bi"], events: 2, body: [UInt8](repeating: 0x20, count: 1_000)))
      #expect(held[0].event.footprint == 1_512)
      #expect(try await store.destination()?.backlogBytes == 2 * 1_512)
      await store.settle(held[0].settled(.delivered), held[1].settled(.dead(.expired)))
      #expect(try await store.destinations().map(\.backlogBytes) == [1_512, 2 * 1_512, 0])
    },
  ]

  /// What a test's delivery counts.
  private static let size = 2 + 512

  private static func limit(_ deliveries: Int) -> StoreConfiguration {
    var configuration = StoreConfiguration.test
    // Not quite one more.
    configuration.maxBacklogBytes = ["crm": (deliveries + 1) * size - 1]
    return configuration
  }

  private static func limited(_ bench: StoreBench, to deliveries: Int) async throws -> any DeliveryStore {
    try await bench.open(limit(deliveries))
  }
}

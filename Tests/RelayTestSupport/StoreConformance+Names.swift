import RelayCore
import Testing

extension StoreConformance {
  /// Names of sources, destinations and routes.
  static let names = [
    StoreClaim("anUnknownNameIsRefusedByNameAndNothingIsKept") { bench in
      let store = try await bench.open()
      var route = bench.make.envelope(bytes: 1)
      route.events[0].deliveries[0].route = "stranger"
      let strangers = [
        bench.make.envelope(to: ["crm", "stranger"], bytes: 1),
        bench.make.envelope(bytes: 1, source: "stranger"), route,
      ]
      for envelope in strangers {
        let refusal = await #expect(throws: StoreError.self) { _ = try await store.append(envelope) }
        #expect(refusal?.code == .failing)
        #expect(refusal?.message.contains("\"stranger\"") == true)
      }
      #expect(try await store.pendingCounts().isEmpty)
      _ = try await store.stored(bench.make.envelope(bytes: 1))
    },
    StoreClaim("anUnknownNameCostsNoOtherEnvelopeOfTheSameBatch") { bench in
      let store = try await bench.open()
      let gate = Gate()
      gate.hold(store)
      let posted = ["crm", "stranger", "bi"].map { store.posted(bench.make.envelope(to: [$0])) }
      gate.open()
      #expect(try await posted[0].value.get().isStored)
      await #expect(throws: StoreError.self) { try await posted[1].value.get() }
      #expect(try await posted[2].value.get().isStored)
    },
    StoreClaim("anAppendBeforeAnythingIsRegisteredIsRefused") { bench in
      let store = try await bench.open(names: nil)
      let refusal = await #expect(throws: StoreError.self) {
        _ = try await store.append(bench.make.envelope())
      }
      #expect(refusal?.message.contains("register") == true)
      try await store.register(.test)
      _ = try await store.stored(bench.make.envelope())
    },
    StoreClaim("registeringAgainChangesNothing") { bench in
      let store = try await bench.open()
      store.release(try await store.stored(bench.make.envelope(to: ["crm", "bi"])).map(\.id))
      try await store.register(.test)
      let again = try await bench.reopen(store)
      try await again.register(.test)
      #expect(await again.claim(of: "crm").deliveries.map(\.destination) == ["crm"])
      #expect(await again.claim(of: "bi").deliveries.map(\.destination) == ["bi"])
      _ = try await again.stored(bench.make.envelope())
    },
    StoreClaim("namesCanBeAddedAndUsedInOneBatch") { bench in
      let store = try await bench.open()
      let gate = Gate()
      gate.hold(store)
      var names = StoreNames.test
      names.destinations = ["new"]
      names.configuration = "c2"
      let registered = store.posted(names)
      let appended = store.posted(bench.make.envelope(to: ["new", "crm"]))
      gate.open()
      try await registered.value.get()
      #expect(try await appended.value.get().isStored)
    },
    StoreClaim("countsShowDestinationsThatAreNoLongerRegistered") { bench in
      let store = try await bench.open()
      _ = try await store.stored(bench.make.envelope(to: ["crm", "bi"]))
      var names = StoreNames.test
      names.destinations = ["crm"]
      names.configuration = "c2"
      let again = try await bench.reopen(store, names: names)
      let one = DeliveryCounts(pending: 1)
      #expect(try await again.pendingCounts() == ["crm": one, "bi": one])
      #expect(await again.claim(of: "bi").ids.count == 1)
    },
  ]
}

extension AppendOutcome {
  fileprivate var isStored: Bool { if case .stored = self { true } else { false } }
}

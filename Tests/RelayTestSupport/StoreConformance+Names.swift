import RelayCore
import Testing

extension StoreConformance {
  /// Names of sources, destinations and routes.
  package static let names = [
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
      #expect(try await store.books().isEmpty)
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
    StoreClaim("anAppendBeforeAnythingIsConfiguredIsRefused") { bench in
      let store = try await bench.open(nil)
      let refusal = await #expect(throws: StoreError.self) {
        _ = try await store.append(bench.make.envelope())
      }
      #expect(refusal?.message.contains("configure") == true)
      try await store.configure(.test)
      _ = try await store.stored(bench.make.envelope())
    },
    StoreClaim("configuringAgainChangesNothing") { bench in
      let store = try await bench.open()
      store.release(try await store.stored(bench.make.envelope(to: ["crm", "bi"])).map(\.id))
      try await store.configure(.test)
      let again = try await bench.reopen(store)
      try await again.configure(.test)
      #expect(await again.claim(of: "crm").deliveries.map(\.destination) == ["crm"])
      #expect(await again.claim(of: "bi").deliveries.map(\.destination) == ["bi"])
      _ = try await again.stored(bench.make.envelope())
    },
    StoreClaim("namesCanBeAddedAndUsedInOneBatch") { bench in
      let store = try await bench.open()
      let gate = Gate()
      gate.hold(store)
      var configuration = StoreConfiguration.test
      configuration.names.destinations = ["new"]
      configuration.names.configuration = "c2"
      let configured = store.posted(configuration)
      var envelope = bench.make.envelope(to: ["new", "crm"])
      envelope.configuration = "c2"
      let appended = store.posted(envelope)
      gate.open()
      try await configured.value.get()
      #expect(try await appended.value.get().isStored)
    },
    StoreClaim("anEnvelopeThatAnEarlierConfigurationRoutedIsTaken") { bench in
      let store = try await bench.open()
      var configuration = StoreConfiguration.test
      configuration.names.configuration = "c2"
      try await store.configure(configuration)
      _ = try await store.stored(bench.make.envelope())
      var stranger = bench.make.envelope()
      stranger.configuration = "c3"
      let refusal = await #expect(throws: StoreError.self) { _ = try await store.append(stranger) }
      #expect(refusal?.message.contains("\"c3\"") == true)
    },
    StoreClaim("everyDestinationThatWasEverConfiguredIsShown") { bench in
      let store = try await bench.open()
      var configuration = StoreConfiguration.test
      configuration.names.destinations = ["new"]
      try await store.configure(configuration)
      let names = ["crm", "bi", "audit", "new"]
      #expect(try await store.destinations() == names.map { StoredDestination(name: $0) })
      #expect(try await bench.reopen(store, with: nil).destinations().map(\.name) == names)
    },
    StoreClaim("booksShowDestinationsThatAreNoLongerConfigured") { bench in
      let store = try await bench.open()
      _ = try await store.stored(bench.make.envelope(to: ["crm", "bi"]))
      var configuration = StoreConfiguration.test
      configuration.names.destinations = ["crm"]
      let again = try await bench.reopen(store, with: configuration)
      let one = Books(pending: 1)
      #expect(try await again.books() == ["crm": one, "bi": one])
      #expect(await again.claim(of: "bi").ids.count == 1)
    },
  ]
}

extension AppendOutcome {
  fileprivate var isStored: Bool { if case .stored = self { true } else { false } }
}

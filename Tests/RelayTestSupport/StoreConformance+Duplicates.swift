import RelayCore
import RelayThreads
import Testing

extension StoreConformance {
  /// The same bytes again.
  package static let duplicates = [
    StoreClaim("theSameBytesWithinTheWindowAreADuplicateAndNothingIsStored") { bench in
      let store = try await bench.open()
      let first = bench.make.envelope(events: 3, bytes: 1, at: .second(10))
      store.release(try await store.stored(first).map(\.id))
      let twin = try await store.append(bench.make.envelope(events: 3, bytes: 1, since: .second(9)))
      #expect(twin.duplicate == .init(of: first))
      #expect(await store.claim().deliveries.map(\.event.id) == first.events.map(\.event.id))
    },
    StoreClaim("outsideTheWindowTheyAreStoredAnewAndThenRecognizedAgain") { bench in
      let store = try await bench.open()
      _ = try await store.stored(bench.make.envelope(bytes: 1, at: .second(10)))
      let second = bench.make.envelope(bytes: 1, at: .second(20), since: .second(10))
      #expect(try await store.stored(second).count == 1)
      let third = try await store.append(bench.make.envelope(bytes: 1, at: .second(21), since: .second(11)))
      #expect(third.duplicate == .init(of: second))
    },
    StoreClaim("anotherSourcesBytesAreItsOwn") { bench in
      let store = try await bench.open()
      var firsts: [NewEnvelope] = []
      for source in ["huggy", "other"] {
        firsts.append(bench.make.envelope(bytes: 1, source: source))
        _ = try await store.stored(firsts.last!)
      }
      let again = try await bench.reopen(store)
      for (first, source) in zip(firsts, ["huggy", "other"]) {
        let twin = try await again.append(bench.make.envelope(bytes: 1, source: source))
        #expect(twin.duplicate == .init(of: first))
      }
    },
    StoreClaim("otherBytesAndThoseWithoutAFingerprintAreStored") { bench in
      let store = try await bench.open()
      for bytes in [1, 2, nil, nil] as [UInt64?] {
        _ = try await store.stored(bench.make.envelope(bytes: bytes))
      }
      #expect(try await bench.reopen(store).claim().ids.count == 4)
    },
    StoreClaim("ofTwinsInOneBurstExactlyOneIsStoredAndItIsAnsweredFirst") { bench in
      let store = try await bench.open()
      let gate = Gate()
      gate.hold(store)
      let answers = Locked<[AppendOutcome]>([])
      let twins = (0..<50).map { _ in
        let promise = Promise<Void>("the answer to a twin")
        store.append(bench.make.envelope(bytes: 1)) { result in
          answers.withLock { try? $0.append(result.get()) }
          promise.keep(())
        }
        return promise
      }
      gate.open()
      for twin in twins { await twin.value }
      let outcomes = answers.withLock { $0 }
      try #require(outcomes.count == 50)
      guard case .stored(let deliveries) = outcomes[0] else { throw UnexpectedDuplicate() }
      #expect(outcomes.dropFirst().allSatisfy { $0.duplicate?.firstEventID == deliveries[0].event.id })
      #expect(try await bench.reopen(store).claim().ids == deliveries.map(\.id))
    },
    StoreClaim("ofTwinsFromManyThreadsExactlyOneIsStored") { bench in
      let store = try await bench.open()
      let outcomes = try await withThrowingTaskGroup(of: AppendOutcome.self) { group in
        for _ in 0..<50 { group.addTask { try await store.append(bench.make.envelope(bytes: 1)) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.count { $0.duplicate == nil } == 1)
      #expect(try await bench.reopen(store).claim().ids.count == 1)
    },
    StoreClaim("duplicatesAreRecognizedAfterAReopen") { bench in
      let store = try await bench.open()
      let first = bench.make.envelope(events: 2, bytes: 1)
      _ = try await store.stored(first)
      _ = try await store.stored(bench.make.envelope(bytes: 2))
      let twin = try await bench.reopen(store).append(bench.make.envelope(bytes: 1))
      #expect(twin.duplicate == .init(of: first))
    },
    StoreClaim("theLastEnvelopesAreRememberedUpToTheLimit") { bench in
      let store = try await bench.open(duplicateLimit: 3)
      for bytes in 1...4 as ClosedRange<UInt64> {
        _ = try await store.stored(bench.make.envelope(bytes: bytes, at: .second(10)))
      }
      // Envelope 2 comes anew, outside its window: the last three are now those with the bytes 3, 4, 2.
      _ = try await store.stored(bench.make.envelope(bytes: 2, at: .second(20), since: .second(10)))
      for bytes in [2, 3, 4] as [UInt64] {
        #expect(try await store.append(bench.make.envelope(bytes: bytes)).duplicate != nil)
      }
      _ = try await store.stored(bench.make.envelope(bytes: 5))
      #expect(try await store.append(bench.make.envelope(bytes: 2)).duplicate != nil)
      let again = try await bench.reopen(store, duplicateLimit: 3)
      for bytes in [2, 4, 5] as [UInt64] {
        #expect(try await again.append(bench.make.envelope(bytes: bytes)).duplicate != nil)
      }
      _ = try await again.stored(bench.make.envelope(bytes: 3))
    },
    StoreClaim("aStoreThatRemembersNoneStoresAll") { bench in
      let store = try await bench.open(duplicateLimit: 0)
      for _ in 0..<3 { _ = try await store.stored(bench.make.envelope(bytes: 1)) }
    },
    StoreClaim("eventsThatWentNowhereGoWhereTheirTwinsSayUnderTheirOwnIDs") { bench in
      let store = try await bench.open()
      let first = bench.make.envelope(to: [], events: 3, bytes: 1)
      #expect(try await store.stored(first).isEmpty)
      let twin = try await store.append(bench.make.envelope(events: 3, bytes: 1))
      #expect(twin.duplicate == .init(of: first))
      #expect(twin.rerouted?.places == [0, 1, 2])
      #expect(twin.rerouted?.deliveries.map(\.event.id) == first.events.map(\.event.id))
      #expect(try await store.books() == ["crm": Books(pending: 3)])
      let claimed = try await bench.reopen(store).claim().deliveries
      #expect(claimed.map(\.event.id) == first.events.map(\.event.id))
    },
    StoreClaim("whatHasADeliveryInWhateverStateStaysADuplicate") { bench in
      let store = try await bench.open()
      let deliveries = try await store.stored(bench.make.envelope(to: ["crm"], events: 3, bytes: 1))
      await store.settle(deliveries[0].settled(.delivered), deliveries[1].settled(.dead(.permanent)))
      let twin = try await store.append(bench.make.envelope(to: ["crm", "bi"], events: 3, bytes: 1))
      #expect(twin.rerouted?.places == [])
      #expect(try await store.books()["bi"] == nil)
    },
    StoreClaim("whatAPersonDiscardedIsNotRoutedAnew") { bench in
      let store = try await bench.open()
      store.release(try await store.stored(bench.make.envelope(bytes: 1)).map(\.id))
      #expect(try await store.change(.discard, .filter(DeliveryFilter())) == 1)
      let twin = try await store.append(bench.make.envelope(bytes: 1))
      #expect(twin.rerouted?.places == [])
    },
    StoreClaim("ofAnEnvelopeOnlyTheEventsThatWentNowhereAreRoutedAnew") { bench in
      let store = try await bench.open()
      var first = bench.make.envelope(events: 3, bytes: 1)
      first.events[1].deliveries = []
      first.events[1].isDropped = true
      _ = try await store.stored(first)
      let twin = try await store.append(bench.make.envelope(to: ["bi"], events: 3, bytes: 1))
      #expect(twin.rerouted?.places == [1])
      #expect(twin.rerouted?.deliveries.map(\.event.id) == [first.events[1].event.id])
      #expect(twin.rerouted?.deliveries.map(\.destination) == ["bi"])
    },
    StoreClaim("eventsThatWereNotStoredAreRoutedAnewOnce") { bench in
      let store = try await bench.open()
      var first = bench.make.envelope(events: 4, bytes: 1)
      let ids = first.events.map(\.event.id)
      first.events = [first.events[2]]
      _ = try await store.stored(first)
      let again = try await bench.reopen(store)
      var twin = try await again.append(bench.make.envelope(events: 4, bytes: 1))
      #expect(twin.rerouted?.places == [0, 1, 3])
      #expect(twin.rerouted?.deliveries.map(\.event.id) == [ids[0], ids[1], ids[3]])
      twin = try await again.append(bench.make.envelope(events: 4, bytes: 1))
      #expect(twin.rerouted?.places == [])
      let claimed = try await bench.reopen(again).claim().deliveries
      #expect(Set(claimed.map(\.event.id)) == Set(ids))
    },
    StoreClaim("aTwinThatGoesNowhereEitherChangesNothing") { bench in
      let store = try await bench.open()
      let first = bench.make.envelope(to: [], bytes: 1)
      _ = try await store.stored(first)
      #expect(try await store.append(bench.make.envelope(to: [], bytes: 1)).rerouted?.places == [])
      #expect(try await store.append(bench.make.envelope(bytes: 1)).rerouted?.places == [0])
    },
    StoreClaim("whatIsRoutedAnewOutlivesWhatItsEnvelopeCameWith") { bench in
      let configuration = StoreConfiguration(names: .test, retention: .seconds(100), dedupe: .seconds(50))
      let store = try await bench.open(configuration)
      var first = bench.make.envelope(events: 2, bytes: 1)
      first.events = [first.events[0]]
      let stored = try await store.stored(first)
      // Something comes between, and something is newer: it may stay for that alone.
      _ = try await store.stored(bench.make.envelope(to: ["bi"]))
      let twin = try await store.append(bench.make.envelope(events: 2, bytes: 1))
      #expect(twin.rerouted?.places == [1])
      _ = try await store.stored(bench.make.envelope(to: ["bi"]))
      await store.settle(stored[0].settled(.delivered))
      bench.clock.advance(by: .seconds(1_000))
      // Each call gives it an occasion to prune.
      for _ in 0..<20 { _ = try await store.size() }
      let again = try await bench.reopen(store, with: configuration)
      #expect(await again.claim().deliveries.map(\.event.id) == twin.rerouted?.deliveries.map(\.event.id))
    },
    StoreClaim("whatIsRoutedAnewKeepsItsKeysOrder") { bench in
      let store = try await bench.open()
      try await store.reorder(by: .chat)
      _ = try await store.stored(bench.make.envelope(to: [], bytes: 1, chat: "7"))
      let live = try await store.stored(bench.make.envelope(bytes: 2, chat: "7"))
      #expect(live.count == 1)
      // It arrives at the destination now: behind what arrived before.
      let twin = try await store.append(bench.make.envelope(bytes: 1, chat: "7"))
      #expect(twin.rerouted?.places == [0])
      #expect(twin.rerouted?.deliveries.isEmpty == true)
      #expect(await store.settle(live[0].settled(.delivered)).count == 1)
    },
  ]
}

private struct Duplicate: Equatable {
  var firstEventID: EventID
  var acceptedCount: Int
}

extension Duplicate {
  init(of envelope: NewEnvelope) {
    self.init(firstEventID: envelope.firstEventID, acceptedCount: envelope.acceptedCount)
  }
}

extension AppendOutcome {
  fileprivate var duplicate: Duplicate? {
    guard case .duplicate(let first, let count, _) = self else { return nil }
    return Duplicate(firstEventID: first, acceptedCount: count)
  }

  fileprivate var rerouted: Rerouted? {
    guard case .duplicate(_, _, let rerouted) = self else { return nil }
    return rerouted
  }
}

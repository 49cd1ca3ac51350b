import RelayCore
import RelayThreads
import Testing

extension StoreConformance {
  /// The same bytes again.
  static let duplicates = [
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
        let promise = Promise<Void>()
        store.append(bench.make.envelope(bytes: 1)) { result in
          answers.withLock { try? $0.append(result.get()) }
          promise.keep(())
        }
        return promise
      }
      gate.open()
      for twin in twins { await twin.value }
      let outcomes = answers.withLock { $0 }
      #expect(outcomes.count == 50)
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
    guard case .duplicate(let first, let count) = self else { return nil }
    return Duplicate(firstEventID: first, acceptedCount: count)
  }
}

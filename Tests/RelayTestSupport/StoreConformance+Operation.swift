import RelayCore
import Testing

extension StoreConformance {
  /// Pauses, suspended time, and what is told.
  package static let operation = [
    StoreClaim("aPauseIsKeptOverAReopenUntilItIsLifted") { bench in
      let store = try await bench.open()
      try await store.pause("crm", until: .second(60))
      try await store.pause("bi", until: .distantFuture)
      try await store.pause("audit", until: .distantFuture)
      try await store.pause("audit", until: nil)
      let again = try await bench.reopen(store)
      #expect(try await again.destinations().map(\.pausedUntil) == [.second(60), .distantFuture, nil])
    },
    StoreClaim("anUnknownDestinationCannotBePaused") { bench in
      let store = try await bench.open()
      let refusal = await #expect(throws: StoreError.self) { try await store.pause("stranger", until: nil) }
      #expect(refusal?.message.contains("\"stranger\"") == true)
    },
    StoreClaim("suspendedTimeIsKeptOverAReopen") { bench in
      let store = try await bench.open()
      let suspended = SuspendedTime(ended: .microseconds(1_234_567), since: .second(9))
      store.setSuspended(SuspendedTime(ended: .seconds(1)), of: "crm")
      store.setSuspended(suspended, of: "crm")
      store.setSuspended(suspended, of: "stranger")
      let again = try await bench.reopen(store)
      #expect(
        try await again.destinations().map(\.suspended) == [suspended, SuspendedTime(), SuspendedTime()])
    },
    StoreClaim("suspendedTimeIsTakenOffTheAgeOfWhatArrives") { bench in
      let store = try await bench.open()
      store.setSuspended(SuspendedTime(ended: .seconds(20), since: .second(30)), of: "crm")
      func since(_ second: Int) async throws -> Timestamp {
        let held = try await store.stored(bench.make.envelope(at: .second(second)))
        return held[0].since
      }
      let first = try await since(25)
      #expect(first == .second(5))
      // It stands still while it is suspended.
      let (second, third) = (try await since(40), try await since(90))
      #expect([second, third] == [.second(10), .second(10)])
      let other = try await store.stored(bench.make.envelope(to: ["bi"], at: .second(40)))
      #expect(other[0].since == .second(40))
      let again = try await bench.reopen(store)
      #expect(await again.claim().deliveries.map(\.since) == [.second(5), .second(10), .second(10)])
    },
    StoreClaim("aRetriedDeadLetterAgesFromThenLessWhatWasSuspended") { bench in
      let store = try await bench.open()
      let dead = try await store.stored(bench.make.envelope())[0]
      await store.settle(dead.settled(.dead(.expired)))
      store.setSuspended(SuspendedTime(ended: .seconds(20)), of: "crm")
      try await store.change(.retry(at: .second(100)), .ids([dead.id]))
      let again = await store.claim(.retrying, now: .second(100)).deliveries
      #expect(again.map(\.since) == [.second(80)])
    },
    StoreClaim("commitsAreToldWithWhatTheyHold") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 5))
      let before = bench.observer.operations.count
      let gate = Gate()
      gate.hold(store)
      let appended = (0..<3).map { _ in store.posted(bench.make.envelope(events: 2)) }
      let settled = store.posted(held.prefix(4).map { $0.settled(.delivered) })
      gate.open()
      for promise in appended { _ = try await promise.value.get() }
      _ = await settled.value
      #expect(Array(bench.observer.operations.dropFirst(before)) == [3 + 4])
    },
    StoreClaim("aStoreThatIsWellSaysSoOnce") { bench in
      let store = try await bench.open()
      for _ in 0..<5 { _ = try await store.stored(bench.make.envelope()) }
      #expect(bench.observer.conditions == [StoreCondition()])
    },
    StoreClaim("theSizeGrowsWithWhatIsStored") { bench in
      let store = try await bench.open()
      let before = try await store.size()
      _ = try await store.stored(bench.make.envelope(body: [UInt8](repeating: 0x20, count: 1_000_000)))
      #expect(try await store.size() >= before + 990_000)
    },
  ]
}

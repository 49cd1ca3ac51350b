import RelayCore
import RelayThreads
import Testing

extension StoreConformance {
  /// A store whose disk does not answer.
  package static let hanging = [
    StoreClaim("anAppendThatAHangingStoreHasNotTakenIsAnsweredAndNotKept") { bench in
      let store = try await bench.open(hangAfter: hangAfter)
      let gate = Gate()
      gate.hold(store)
      let waiting = store.posted(bench.make.envelope(bytes: 1))
      // The answer comes while the store is still held.
      let error = await #expect(throws: StoreError.self) { _ = try await waiting.value.get() }
      #expect(error?.code == .hanging)
      gate.open()
      bench.observer.wait(untilItHangs: false)
      #expect(try await store.stored(bench.make.envelope(bytes: 1)).count == 1)
    },
    StoreClaim("whileItHangsEveryEnvelopeIsAnsweredAtOnce") { bench in
      let store = try await bench.open(hangAfter: hangAfter)
      let gate = Gate()
      gate.hold(store)
      _ = store.posted(bench.make.envelope())
      bench.observer.wait(untilItHangs: true)
      let late = store.posted(bench.make.envelope())
      #expect(late.isKept)
      await #expect(throws: StoreError.self) { _ = try await late.value.get() }
      gate.open()
    },
    StoreClaim("whatWasStoredAfterItsAnswerIsADuplicateAndItsDeliveriesAreGivenOnce") { bench in
      let observer = StallingObserver(bench.observer)
      let store = try bench.home.open(
        clock: bench.clock, duplicateLimit: 1_000, hangAfter: hangAfter, observer: observer)
      defer { store.close() }
      try await store.configure(.test)
      observer.stall()
      // On disk, and not yet answered.
      let waiting = store.posted(bench.make.envelope(events: 2, bytes: 1), late: bench.observer.storedLate)
      await #expect(throws: StoreError.self) { _ = try await waiting.value.get() }
      observer.goOn()
      bench.observer.waitForLate(2)
      bench.observer.wait(untilItHangs: false)
      guard case .duplicate = try await store.append(bench.make.envelope(events: 2, bytes: 1)) else {
        Issue.record("it was stored twice")
        return
      }
      #expect(bench.observer.late.map(\.destination) == ["crm", "crm"])
      // They are in somebody's hands.
      #expect(await store.claim().deliveries.isEmpty)
    },
    StoreClaim("whatWasRoutedAnewAfterItsAnswerIsGivenOnce") { bench in
      let observer = StallingObserver(bench.observer)
      let store = try bench.home.open(
        clock: bench.clock, duplicateLimit: 1_000, hangAfter: hangAfter, observer: observer)
      defer { store.close() }
      try await store.configure(.test)
      _ = try await store.stored(bench.make.envelope(to: [], bytes: 1))
      observer.stall()
      let waiting = store.posted(bench.make.envelope(bytes: 1), late: bench.observer.storedLate)
      await #expect(throws: StoreError.self) { _ = try await waiting.value.get() }
      observer.goOn()
      bench.observer.waitForLate(1)
      #expect(bench.observer.late.map(\.destination) == ["crm"])
      #expect(await store.claim().deliveries.isEmpty)
    },
    StoreClaim("outcomesOutliveAHang") { bench in
      let store = try await bench.open(hangAfter: hangAfter)
      let held = try await store.stored(bench.make.envelope())
      let gate = Gate()
      gate.hold(store)
      let settled = store.posted([held[0].settled(.delivered)])
      bench.observer.wait(untilItHangs: true)
      #expect(!settled.isKept)
      gate.open()
      _ = await settled.value
      #expect(try await store.books() == ["crm": Books(delivered: 1)])
    },
  ]

  /// Longer than a commit of these tests takes on a busy machine.
  private static let hangAfter = Duration.milliseconds(400)
}

/// Keeps the store's thread between a commit and its answers.
private final class StallingObserver: StoreObserver {
  private enum State { case goesOn, stalls }

  private let state = Monitor(State.goesOn)
  private let others: RecordingObserver

  init(_ others: RecordingObserver) {
    self.others = others
  }

  func stall() { state.update { $0 = .stalls } }
  func goOn() { state.update { $0 = .goesOn } }

  func storeCommitted(operations: Int, duration: Duration) {
    _ = state.wait { $0 == .goesOn ? true : nil }
  }

  func storeOverflowed(destination: String, count: Int) {}
  func storeConditionChanged(_ condition: StoreCondition) {}
  func storeHangs(_ isHanging: Bool) { others.storeHangs(isHanging) }
}

import RelayCore
import Testing

extension StoreConformance {
  /// The end.
  package static let closing = [
    StoreClaim("closeFinishesWhatWasAsked") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 2))
      let appended = (0..<30).map { _ in store.posted(bench.make.envelope(to: ["bi"])) }
      let settled = store.posted([held[0].settled(.delivered)])
      let claimed = store.posted(
        ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 9, byteLimit: .max))
      let counted = store.postedDestinations()
      store.close()
      #expect(appended.allSatisfy(\.isKept) && settled.isKept && claimed.isKept && counted.isKept)
      for promise in appended { _ = try await promise.value.get() }
      let counts = try await bench.open().books()
      #expect(counts == ["crm": Books(pending: 1, delivered: 1), "bi": Books(pending: 30)])
    },
    StoreClaim("callsAfterCloseAreAnswered") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(bytes: 1))
      store.close()
      let closed = await [
        #expect(throws: StoreError.self) { _ = try await store.append(bench.make.envelope()) },
        #expect(throws: StoreError.self) { try await store.configure(.test) },
        #expect(throws: StoreError.self) { _ = try await store.destinations() },
        #expect(throws: StoreError.self) { _ = try await store.size() },
        #expect(throws: StoreError.self) { try await store.pause(until: .distantFuture) },
        #expect(throws: StoreError.self) { try await store.reorder(by: .chat) },
        #expect(throws: StoreError.self) { try await store.keepToken(nil) },
        #expect(throws: StoreError.self) { _ = try await store.allLearnedTokens() },
        #expect(throws: StoreError.self) { try await store.keep([]) },
        #expect(throws: StoreError.self) { try await store.change(.discard, .filter(DeliveryFilter())) },
        #expect(throws: StoreError.self) { _ = try await store.begin() },
        #expect(throws: StoreError.self) { _ = try await store.queue(ReplayStep(replay: 1, entries: [])) },
        #expect(throws: StoreError.self) { _ = try await store.end(1, as: .cancelled) },
        #expect(throws: StoreError.self) { _ = try await store.erase([held[0].event.id]) },
        #expect(throws: StoreError.self) { _ = try await store.overwriteErased() },
      ]
      #expect(closed.allSatisfy { $0?.code == .closed })
      store.resume(["crm"])
      store.setSuspended(SuspendedTime(ended: .seconds(1)), of: "crm")
      let claim = await store.claim()
      #expect(claim.deliveries.isEmpty && !claim.isExhausted)
      store.release(held.map(\.id))
      await store.settle(held[0].settled(.delivered))
      // That was answered, but not recorded: the next start tries it again.
      #expect(try await bench.open().claim().ids == held.map(\.id))
    },
    StoreClaim("itGivesASignOfLifeUntilItIsClosedAndAfter") { bench in
      let store = try await bench.open()
      await store.ping()
      store.close()
      await store.ping()
    },
    StoreClaim("closingForAWhileIsClosingIfThatIsLongEnough") { bench in
      let store = try await bench.open()
      let appended = store.posted(bench.make.envelope())
      #expect(store.close(within: .seconds(60)))
      #expect(appended.isKept)
      #expect(store.close(within: .zero))
      #expect(try await bench.open().books() == ["crm": Books(pending: 1)])
    },
    StoreClaim("closingTwiceIsClosing") { bench in
      let store = try await bench.open()
      store.close()
      store.close()
      _ = try await bench.open()
    },
  ]
}

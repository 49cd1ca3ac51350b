import RelayCore
import RelayThreads
import Testing

extension StoreConformance {
  /// Order, and many at once.
  package static let arrival = [
    StoreClaim("idsRiseInOrderOfCommitThenPlaceInTheDocument") { bench in
      let store = try await bench.open()
      let gate = Gate()
      gate.hold(store)
      let done = Locked<[[DeliveryID]]>([])
      let posted = (0..<20).map { number in
        let promise = Promise<Void>("the answer to an append")
        store.append(bench.make.envelope(to: ["crm", "bi"], events: 1 + number % 3)) { result in
          if case .success(.stored(let deliveries)) = result {
            done.withLock { $0.append(deliveries.map(\.id)) }
          }
          promise.keep(())
        }
        return promise
      }
      gate.open()
      for promise in posted { await promise.value }
      let ids = done.withLock { $0 }
      #expect(ids.map(\.count) == (0..<20).map { (1 + $0 % 3) * 2 })
      #expect(zip(ids.joined(), ids.joined().dropFirst()).allSatisfy { $0 < $1 })
    },
    StoreClaim("idsAreNotReusedAfterAReopen") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      for delivery in held { await store.settle(delivery.settled(.delivered)) }
      let again = try await bench.reopen(store).stored(bench.make.envelope())
      #expect(again[0].id > held[2].id)
    },
    StoreClaim("appendsFromManyThreadsAreAllStoredOnce") { bench in
      let store = try await bench.open()
      let (threads, each) = (8, 40)
      let promises = Locked<[Promise<Result<AppendOutcome, StoreError>>]>([])
      let senders = (0..<threads).map { _ in
        WorkerThread(name: "sender") {
          for _ in 0..<each {
            let promise = store.posted(bench.make.envelope())
            promises.withLock { $0.append(promise) }
          }
        }
      }
      for sender in senders { sender.join() }
      var ids: Set<DeliveryID> = []
      for promise in promises.withLock({ $0 }) {
        let outcome = try await promise.value.get()
        guard case .stored(let deliveries) = outcome else { throw UnexpectedDuplicate() }
        ids.formUnion(deliveries.map(\.id))
      }
      #expect(ids.count == threads * each)
      let claim = try await bench.reopen(store).claim()
      #expect(Set(claim.ids) == ids)
      #expect(Set(claim.deliveries.map(\.event.id)).count == threads * each)
    },
    StoreClaim("appendsAndSettlementsAtOnceAllComeAbout") { bench in
      let store = try await bench.open()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<60 {
          group.addTask {
            let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"]))
            await store.settle(held[0].settled(.delivered))
            if number % 3 == 0 { await store.settle(held[1].settled(.dead(.permanent))) }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.books() == ["crm": Books(delivered: 60), "bi": Books(pending: 40, dead: 20)])
    },
    StoreClaim("aClaimSeesWhatWasReleasedAndSettledBeforeIt") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      let gate = Gate()
      gate.hold(store)
      let settled = store.posted([held[0].settled(.delivered), held[1].retried(at: 0)])
      store.release([held[2].id])
      let fresh = store.posted(
        ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 9, byteLimit: .max))
      let due = store.posted(
        ClaimRequest(destination: "crm", kind: .retrying, now: .second(0), limit: 9, byteLimit: .max))
      gate.open()
      _ = await settled.value
      #expect(await fresh.value.ids == [held[2].id])
      #expect(await due.value.ids == [held[1].id])
    },
  ]
}

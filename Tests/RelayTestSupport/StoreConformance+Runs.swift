import RelayCore
import Testing

extension StoreConformance {
  /// Several of an order key, handed out together for one request.
  package static let runs = [
    StoreClaim("aClaimBringsThoseThatFollowTheFirstOfItsKey") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 5, chat: "1"))
      store.release(first.map(\.id))
      let run = try await store.claimRun(limit: 9, runLimit: 3).only
      #expect(run.id == first[0].id && run.followers.count == 2)
      #expect(run.ids == run.ids.sorted())
      // They are held: nobody else gets one of the key.
      #expect(await store.claim().ids.isEmpty)
    },
    StoreClaim("aRunCountsInTheClaimsLimits") { bench in
      let store = try await ordered(bench, by: .chat)
      let one = try await store.stored(bench.make.envelope(events: 5, chat: "1"))
      let two = try await store.stored(bench.make.envelope(events: 5, chat: "2"))
      store.release((one + two).map(\.id))
      let claim = await store.claimRun(limit: 4, runLimit: 3)
      #expect(claim.map { $0.ids.count } == [3, 1])
    },
    StoreClaim("whenARunIsSettledTheNextOneComesWithTheAnswer") { bench in
      let store = try await ordered(bench, by: .destination)
      let envelope = bench.make.envelope(events: 7)
      let first = try await store.stored(envelope)
      store.release(first.map(\.id))
      var events: [EventID] = []
      var turn = await store.claimRun(limit: 9, runLimit: 3)
      while let run = turn.first {
        events += ([run] + run.followers).map(\.event.id)
        turn = await store.posted(run.runSettled(.delivered, runLimit: 3)).value
      }
      #expect(events == envelope.events.map(\.event.id))
      #expect(try await store.books() == ["crm": Books(delivered: 7)])
    },
    StoreClaim("aRunThatFailedIsARunAgainOnceItIsDue") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 4, chat: "1"))
      store.release(first.map(\.id))
      let run = try await store.claimRun(limit: 9, runLimit: 3).only
      #expect(await store.posted(run.runSettled(.retry(at: .second(10)), runLimit: 3)).value.isEmpty)
      #expect(await store.claimRun(.retrying, now: .second(9), limit: 9, runLimit: 3).isEmpty)
      let again = try await store.claimRun(.retrying, now: .second(10), limit: 9, runLimit: 4).only
      #expect(again.ids.dropLast() == run.ids[...] && again.followers.map(\.attempts) == [1, 1, 0])
    },
    StoreClaim("aFollowerThatIsNotDueYetEndsTheRun") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 3, chat: "1"))
      store.release(first.map(\.id))
      let run = try await store.claimRun(limit: 9, runLimit: 3).only
      await store.settle(
        run.followers[1].settled(.retry(at: .second(5))), run.followers[0].settled(.retry(at: .second(20))),
        run.settled(.retry(at: .second(5))))
      let again = try await store.claimRun(.retrying, now: .second(5), limit: 9, runLimit: 3).only
      #expect(again.ids == [run.id])
    },
    StoreClaim("aFollowerThatIsGivenBackComesInItsTurn") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 3, chat: "1"))
      store.release(first.map(\.id))
      var run = try await store.claimRun(limit: 9, runLimit: 3).only
      let last = run.followers.removeLast()
      store.release([last.id])
      let turn = await store.posted(run.runSettled(.delivered)).value
      #expect(turn.map(\.id) == [last.id])
    },
    StoreClaim("aRunThatIsGivenBackIsHandedOutAgain") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 3, chat: "1"))
      store.release(first.map(\.id))
      let run = try await store.claimRun(limit: 9, runLimit: 3).only
      store.release(run.ids)
      #expect(await store.claimRun(limit: 9, runLimit: 3).map(\.ids) == [run.ids])
      let again = try await bench.reopen(store)
      #expect(await again.claimRun(limit: 9, runLimit: 2).map { $0.ids.count } == [2])
    },
  ]
}

extension DeliveryStore {
  fileprivate func claimRun(
    _ kind: ClaimRequest.Kind = .fresh, now: Timestamp = .second(0), limit: Int, runLimit: Int
  ) async -> [Delivery] {
    let request = ClaimRequest(
      destination: "crm", kind: kind, now: now, limit: limit, byteLimit: .max, runLimit: runLimit)
    return await posted(request).value.deliveries
  }
}

extension Delivery {
  /// What came of a request that held it and its followers: the last first, as lanes do it.
  fileprivate func runSettled(_ outcome: Settlement.Outcome, runLimit: Int = 1) -> [Settlement] {
    ([self] + followers).reversed().map { delivery in
      var settlement = delivery.settled(outcome)
      settlement.runLimit = runLimit
      return settlement
    }
  }
}

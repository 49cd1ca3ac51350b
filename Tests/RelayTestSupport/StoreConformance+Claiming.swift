import RelayCore
import Testing

extension StoreConformance {
  /// Who holds what.
  package static let claiming = [
    StoreClaim("whatArrivesBehindWhatWasGivenBackIsClaimedAfterIt") { bench in
      let store = try await bench.open()
      let first = try await store.stored(bench.make.envelope(to: ["crm", "bi"]))
      store.release([first[0].id])
      let next = try await store.stored(bench.make.envelope(to: ["crm", "bi"]))
      #expect(next.map(\.destination) == ["bi"])
      #expect(await store.claim(limit: 1).ids == [first[0].id])
      #expect(try await store.stored(bench.make.envelope()).isEmpty)
      let rest = await store.claim()
      #expect(rest.isExhausted && rest.deliveries.count == 2)
      #expect(try await store.stored(bench.make.envelope()).count == 1)
    },
    StoreClaim("aClaimThatLooksBeyondLeavesWhatStandsBeforeItInItsPlace") { bench in
      let store = try await filled(bench, 8)
      let ids = await store.claim().ids
      store.release(Array(ids[1...]))
      let beyond = await store.claim(limit: 2, after: ids[3])
      #expect(beyond.ids == [ids[4], ids[5]] && beyond.isBeyond && !beyond.isExhausted)
      #expect(await store.claim(limit: 2).ids == [ids[1], ids[2]])
      store.release([ids[5], ids[2]])
      let rest = await store.claim(after: ids[2])
      #expect(rest.ids == [ids[3], ids[5], ids[6], ids[7]] && rest.isExhausted)
      let next = await store.claim()
      #expect(next.ids == [ids[2]] && !next.isBeyond)
      #expect(await store.claim(after: ids[7]).deliveries.isEmpty)
      #expect(await store.claim().ids.isEmpty)
    },
    StoreClaim("aLookBeyondTakesWhatWasGivenBackOnceOnly") { bench in
      let store = try await bench.open()
      let ids = try await store.stored(bench.make.envelope(to: ["crm"], events: 6)).map(\.id)
      store.release(ids)
      for _ in 0..<3 {
        let beyond = await store.claim(after: ids[2])
        #expect(beyond.ids == Array(ids[3...]))
        store.release(beyond.ids)
      }
      #expect(await store.claim().ids == ids)
    },
    StoreClaim("whatAppendHandsOutIsNotHandedOutAgain") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 2))
      #expect(held.map(\.destination) == ["crm", "bi", "crm", "bi"])
      for destination in ["crm", "bi"] {
        let claim = await store.claim(of: destination)
        #expect(claim.deliveries.isEmpty && claim.isExhausted && claim.nextDue == nil)
        #expect(claim.destination == destination && claim.kind == .fresh)
      }
    },
    StoreClaim("whatClaimHandsOutIsNotHandedOutAgain") { bench in
      let store = try await filled(bench, 4)
      let first = await store.claim(limit: 3)
      let second = await store.claim()
      #expect(first.ids.count == 3)
      #expect(second.ids.count == 1)
      #expect(first.ids.last! < second.ids[0])
      #expect(await store.claim().deliveries.isEmpty)
    },
    StoreClaim("whatIsReleasedIsHandedOutAgainInItsPlace") { bench in
      let store = try await filled(bench, 4)
      let ids = await store.claim().ids
      store.release([ids[2], ids[0]])
      #expect(await store.claim().ids == [ids[0], ids[2]])
      #expect(await store.claim().ids.isEmpty)
    },
    StoreClaim("aReopenReleasesEverything") { bench in
      let store = try await filled(bench, 3)
      let ids = await store.claim().ids
      #expect(try await bench.reopen(store).claim().ids == ids)
    },
    StoreClaim("freshOnesComeInOrderOfArrival") { bench in
      let store = try await bench.open()
      var expected: [EventID] = []
      for size in [2, 1, 3] {
        let envelope = bench.make.envelope(to: ["bi", "crm"], events: size)
        expected += envelope.events.map(\.event.id)
        // Arrival counts, not the sender's clock.
        store.release(try await store.stored(envelope).map(\.id).reversed())
      }
      let claim = await store.claim()
      #expect(claim.deliveries.map(\.event.id) == expected)
      #expect(claim.ids == claim.ids.sorted())
    },
    StoreClaim("aClaimStopsAtItsLimit") { bench in
      let store = try await filled(bench, 5)
      let ids = [await store.claim(limit: 2), await store.claim(limit: 2)].flatMap(\.ids)
      #expect(ids.count == 4)
      #expect(ids == ids.sorted())
      #expect(await store.claim(limit: 2).ids.count == 1)
    },
    StoreClaim("aClaimStopsAfterTheDeliveryThatPassesItsByteLimit") { bench in
      let store = try await filled(bench, 5, body: [UInt8](repeating: 0x20, count: 1_000))
      let one = Event.footprint(ofBody: 1_000)
      #expect(await store.claim(byteLimit: 1).ids.count == 1)
      #expect(await store.claim(byteLimit: one + 1).ids.count == 2)
      #expect(await store.claim(byteLimit: one).ids.count == 1)
    },
    StoreClaim("aClaimIsExhaustedOnlyWhenNothingMoreIsToBeHad") { bench in
      let store = try await filled(bench, 5)
      #expect(await !store.claim(limit: 2).isExhausted)
      #expect(await !store.claim(byteLimit: 1).isExhausted)
      // What others hold is not to be had.
      let rest = await store.claim(limit: 3)
      #expect(rest.ids.count == 2 && rest.isExhausted)
      store.release([rest.ids[0]])
      let again = await store.claim(limit: 3)
      #expect(again.ids == [rest.ids[0]] && again.isExhausted)
    },
    StoreClaim("aDestinationGetsOnlyItsOwn") { bench in
      let store = try await bench.open()
      store.release(try await store.stored(bench.make.envelope(to: ["crm", "bi"], events: 2)).map(\.id))
      let claim = await store.claim(of: "bi")
      #expect(claim.deliveries.map(\.destination) == ["bi", "bi"])
      let unknown = await store.claim(of: "nobody")
      #expect(unknown.deliveries.isEmpty && unknown.isExhausted)
      #expect(await store.claim(of: "crm").ids.count == 2)
    },
    StoreClaim("aSecondOpenerIsRefusedOrGetsOnlyWhatTheFirstDoesNotHold") { bench in
      let store = try await filled(bench, 2)
      let held = await store.claim(limit: 1).ids
      if bench.home.isExclusive {
        let refusal = await #expect(throws: StoreError.self) { try await bench.open() }
        #expect(refusal?.code == .inUse)
        #expect(await store.claim().ids.count == 1)
      } else {
        let second = try await bench.open()
        #expect(await second.claim().ids.allSatisfy { !held.contains($0) })
      }
    },
  ]

  /// A store with so many fresh deliveries to `crm`, in as many envelopes, that nobody holds.
  static func filled(
    _ bench: StoreBench, _ count: Int, body: [UInt8] = Array("{}".utf8)
  ) async throws -> any DeliveryStore {
    let store = try await bench.open()
    for _ in 0..<count { store.release(try await store.stored(bench.make.envelope(body: body)).map(\.id)) }
    return store
  }
}

extension Event {
  /// What an event with so large a body counts for.
  fileprivate static func footprint(ofBody bytes: Int) -> Int {
    let context = EnvelopeContext(source: "", receivedAt: .epoch, time: nil, token: nil)
    return Event(
      id: EventID(high: 0, low: 0), envelope: context, type: "", rawType: [], company: nil, channel: nil,
      chat: nil, body: [UInt8](repeating: 0, count: bytes)
    ).footprint
  }
}

import RelayCore
import Testing

extension StoreConformance {
  /// Deliveries by filter, page by page.
  package static let listing =
    models + [
      StoreClaim("theLastPageHasNoNext") { bench in
        let (lookup, ids) = try await dead(6, bench)
        for state in [nil, DeliveryFilter.State.dead] {
          let first = try await lookup.page(DeliveryFilter(state: state), limit: 3)
          #expect(first.deliveries.map(\.id) == [ids[5], ids[4], ids[3]] && first.next == ids[3])
          let second = try await lookup.page(DeliveryFilter(state: state), after: first.next, limit: 3)
          #expect(second == DeliveryPage(deliveries: second.deliveries, next: nil))
          #expect(second.deliveries.map(\.id) == [ids[2], ids[1], ids[0]])
        }
      },
      StoreClaim("whatArrivesMeanwhileDisturbsNoPage") { bench in
        let store = try await bench.open()
        let held = try await store.stored(bench.make.envelope(events: 4))
        for delivery in held { await store.settle(delivery.settled(.dead(.permanent))) }
        let lookup = bench.lookup(store)
        let first = try await lookup.page(DeliveryFilter(state: .dead), limit: 2)
        let new = try await store.stored(bench.make.envelope()).only
        await store.settle(new.settled(.dead(.permanent)))
        #expect(try await store.change(.discard, .ids([held[2].id])) == 1)
        let second = try await lookup.page(DeliveryFilter(state: .dead), after: first.next, limit: 2)
        #expect(second.deliveries.map(\.id) == [held[1].id, held[0].id])
      },
      StoreClaim("anUnknownDestinationHasNoDeliveries") { bench in
        let (lookup, _) = try await dead(1, bench)
        #expect(
          try await lookup.page(DeliveryFilter(destination: "none"), limit: 5)
            == DeliveryPage(deliveries: [], next: nil))
        #expect(try await lookup.allCounts(DeliveryFilter(destination: "none")).total == 0)
      },
      StoreClaim("aTypeIsComparedWithoutTheCaseOfItsLettersAlone") { bench in
        let store = try await bench.open()
        var ids: [DeliveryID] = []
        for type in ["A[É", "a{É", "a[é"] {
          ids += try await store.stored(bench.make.envelope(type: type)).map(\.id)
        }
        let found = try await bench.lookup(store).allDeliveries(DeliveryFilter(type: "a[É"))
        #expect(found.map(\.id) == [ids[0]])
      },
      StoreClaim("howDeliveriesEndedIsAskedForToo") { bench in
        let store = try await bench.open()
        let held = try await store.stored(bench.make.envelope(events: 3))
        await store.settle(
          held[0].settled(.dead(.permanent), status: 422), held[1].settled(.dead(.exhausted), status: 503))
        let lookup = bench.lookup(store)
        var filter = DeliveryFilter(state: .dead)
        filter.deathReasons = [.exhausted]
        #expect(try await lookup.allDeliveries(filter).map(\.id) == [held[1].id])
        filter = DeliveryFilter()
        filter.statuses = [.status(422)]
        #expect(try await lookup.allDeliveries(filter).map(\.id) == [held[0].id])
        filter.statuses = [.noAttempt]
        #expect(try await lookup.allCounts(filter).total == 1)
      },
    ]

  private static let models: [StoreClaim] = (1...3 as ClosedRange<UInt64>).map { seed in
    StoreClaim("pagesHoldExactlyWhatFitsNewestFirst(seed: \(seed))") { bench in
      var random = SplitMix64(seed: seed)
      let many = try await ManyDeliveries(bench, &random)
      for _ in 0..<25 { try await many.check(many.filter(&random), limit: random.pick([1, 7, 50, 500])) }
    }
  }

  private static func dead(
    _ count: Int, _ bench: StoreBench
  ) async throws -> (any DeliveryLookup, [DeliveryID]) {
    let store = try await bench.open()
    let held = try await store.stored(bench.make.envelope(events: count))
    for delivery in held { await store.settle(delivery.settled(.dead(.permanent))) }
    return (bench.lookup(store), held.map(\.id))
  }
}

/// A store with deliveries in all kinds of states, and what is known of them.
private struct ManyDeliveries {
  struct Known {
    var id: DeliveryID
    var state: DeliveryFilter.State
    var destination: String
    var type: String
    var received: Int
  }

  private static let destinations = ["crm", "bi", "audit"]
  private let lookup: any DeliveryLookup
  private let known: [Known]

  init(_ bench: StoreBench, _ random: inout SplitMix64) async throws {
    let store = try await bench.open()
    var known: [Known] = []
    var discarded: [String: [DeliveryID]] = [:]
    // Given back once all have come: what arrives at a lane that has given some back is not handed out.
    var released: [DeliveryID] = []
    for place in 0..<120 {
      // Arrival is not quite in order of receipt.
      let received = place * 10 - (place > 0 ? random.below(2) * (9 + random.below(9)) : 0)
      let type = random.pick(["createdChat", "receivedALLMessage"])
      let envelope = bench.make.envelope(
        to: Self.destinations.filter { _ in random.chance(60) }, at: .second(received), type: type)
      for delivery in try await store.stored(envelope) {
        let state = random.pick([DeliveryFilter.State.pending, .delivered, .dead, .discarded])
        switch state {
        case .pending:
          if random.chance(50) {
            await store.settle(delivery.retried(at: received + random.below(99)))
          } else if random.chance(50) {
            released.append(delivery.id)
          }
        case .delivered: await store.settle(delivery.settled(.delivered))
        case .dead, .discarded, .overflowed: await store.settle(delivery.settled(.dead(.permanent)))
        }
        if state == .discarded { discarded[delivery.destination, default: []].append(delivery.id) }
        known.append(
          Known(
            id: delivery.id, state: state, destination: delivery.destination, type: type, received: received))
      }
    }
    for (destination, ids) in discarded {
      #expect(try await store.change(.discard, .ids(ids), of: destination) == ids.count)
    }
    store.release(released)
    self.known = known
    lookup = bench.lookup(store)
  }

  func filter(_ random: inout SplitMix64) -> DeliveryFilter {
    DeliveryFilter(
      state: random.chance(70) ? random.pick(DeliveryFilter.State.allCases) : nil,
      destination: random.chance(50) ? random.pick(Self.destinations) : nil,
      type: random.chance(40) ? random.pick(["CREATEDCHAT", "receivedAllMessage"]) : nil,
      since: random.chance(40) ? .second(random.below(1_200)) : nil,
      until: random.chance(40) ? .second(random.below(1_200)) : nil)
  }

  func check(_ filter: DeliveryFilter, limit: Int) async throws {
    let expected = known.filter { delivery in
      filter.state ?? delivery.state == delivery.state
        && filter.destination ?? delivery.destination == delivery.destination
        && filter.type?.lowercased() ?? delivery.type.lowercased() == delivery.type.lowercased()
        && filter.since.map { $0 <= .second(delivery.received) } ?? true
        && filter.until.map { .second(delivery.received) < $0 } ?? true
    }
    let found = try await lookup.allDeliveries(filter, limit: limit)
    #expect(found.map(\.id) == expected.reversed().map(\.id), "\(filter)")
    #expect(try await lookup.allCounts(filter).total == expected.count, "\(filter)")
    let groups = try await lookup.allGroups(filter)
    #expect(groups.all.reduce(0) { $0 + $1.count } == expected.count, "\(filter)")
    for group in groups.all {
      let kind = group.kind
      let members = expected.filter {
        $0.destination == kind.destination && $0.type == kind.type && $0.state == kind.state
      }
      #expect(members.count >= group.count && !members.isEmpty)
      #expect(members.contains { .second($0.received) == group.first })
      #expect(members.contains { .second($0.received) == group.last })
    }
  }
}

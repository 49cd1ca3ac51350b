import RelayCore
import Testing

extension StoreConformance {
  /// When senders were turned away, over restarts.
  package static let gaps = [
    StoreClaim("gapsAreKeptOverARestartTheNewestFirst") { bench in
      let store = try await bench.open()
      let refused = Gap.made(.unauthorized, source: "huggy", from: 3, to: 9, count: 4)
      let full = Gap.made(.unavailable, source: nil, from: 5, to: 6, count: 2)
      try await store.keep([refused, full])
      let lookup = bench.lookup(try await bench.reopen(store))
      #expect(try await lookup.gaps() == [full, refused])
      #expect(try await lookup.gaps(since: .second(7)) == [refused])
      #expect(try await lookup.gaps(until: .second(5)) == [refused])
      #expect(try await lookup.gaps(since: .second(9), until: .second(3)) == [])
    },
    StoreClaim("aGapThatGoesOnTakesTheEarlierOnesPlace") { bench in
      let store = try await bench.open()
      try await store.keep([.made(.unavailable, source: "huggy", from: 1, to: 2, count: 1)])
      let longer = Gap.made(.unavailable, source: "huggy", from: 1, to: 8, count: 5)
      let others = Gap.made(.unavailable, source: "other", from: 1, to: 2, count: 1)
      try await store.keep([longer, others])
      let found = try await bench.lookup(store).gaps()
      #expect(found.count == 2 && found.contains(longer) && found.contains(others))
    },
    StoreClaim("ofEachKindTheNewestGapsStay") { bench in
      let store = try await bench.open()
      let many = (0..<Gap.keptOfEachKind + 20).map { number in
        Gap.made(.unauthorized, source: nil, from: number, to: number, count: 1)
      }
      try await store.keep([.made(.down, source: nil, from: 0, to: 1, count: 0)] + many)
      let found = try await bench.lookup(store).gaps()
      #expect(found.count == Gap.keptOfEachKind + 1)
      #expect(found.first == many.last && found.last?.kind == .down)
    },
    StoreClaim("gapsAreInTheOrderThatTheWallClockShowed") { bench in
      let store = try await bench.open()
      bench.clock.set(.second(100))
      bench.clock.setWall(ahead: .seconds(-60))
      // The later one came when the clock was set back.
      let later = Gap.made(.unauthorized, source: nil, from: 110, to: 111, count: 1)
      let together = [
        Gap.made(.unavailable, source: "huggy", from: 90, to: 91, count: 1),
        .made(.unavailable, source: "other", from: 90, to: 92, count: 2),
        .made(.down, source: nil, from: 90, to: 99, count: 0),
      ]
      try await store.keep([later] + together.reversed())
      let found = try await bench.lookup(store).gaps()
      #expect(found.dropLast() == together[...])
      #expect(found.last?.began == .second(50) && found.last?.kind == .unauthorized)
      #expect(try await bench.lookup(store).gaps(until: .second(60)) == [found[3]])
    },
    StoreClaim("anewStoreWasNotDown") { bench in
      let store = try await bench.open()
      #expect(store.downTime == nil)
    },
    StoreClaim("aStoreThatWasLeftWithoutAStopWasDownSinceItWasLastWrittenTo") { bench in
      let machine = bench.machine
      let store = try await bench.open(clock: machine)
      machine.pass(.seconds(20))
      _ = try await store.stored(bench.make.envelope(at: machine.now()))
      store.close()
      machine.pass(.seconds(100))
      let down = try #require(try await bench.open(clock: machine).downTime)
      #expect((down.kind, down.source, down.reason, down.count) == (.down, nil, Gap.killed, 0))
      #expect(down.began == .second(20) && down.ended == .second(120))
    },
    StoreClaim("whatIsReceivedWhileItStopsMakesNoKillOfAStop") { bench in
      let machine = bench.machine
      let store = try await bench.open(clock: machine)
      machine.pass(.seconds(20))
      try await store.keep([.made(.down, source: nil, from: 20, to: 20, count: 0)])
      machine.pass(.seconds(3))
      _ = try await store.stored(bench.make.envelope(at: machine.now()))
      store.close()
      machine.pass(.seconds(100))
      let down = try #require(try await bench.open(clock: machine).downTime)
      #expect((down.reason, down.began) == (Gap.stopped, .second(20)))
    },
    StoreClaim("aStoreThatWasStoppedInOrderWasDownSinceThen") { bench in
      let machine = bench.machine
      var store = try await bench.open(clock: machine)
      machine.pass(.seconds(20))
      try await store.keep([.made(.down, source: nil, from: 20, to: 20, count: 0)])
      machine.pass(.seconds(7))
      store.close()
      machine.pass(.seconds(100))
      store = try await bench.open(clock: machine)
      let down = try #require(store.downTime)
      #expect((down.reason, down.began, down.ended) == (Gap.stopped, .second(20), .second(127)))
      // Once its end is known, the next one is another.
      try await store.keep([down])
      store.close()
      machine.pass(.seconds(1))
      let next = try #require(try await bench.open(clock: machine).downTime)
      #expect((next.reason, next.began) == (Gap.killed, .second(127)))
    },
  ]
}

extension Gap {
  fileprivate static func made(_ kind: Kind, source: String?, from: Int, to: Int, count: Int) -> Gap {
    Gap(kind: kind, source: source, began: .second(from), ended: .second(to), count: count, reason: "why")
  }
}

extension DeliveryStore {
  package func keep(_ gaps: [Gap]) async throws(StoreError) {
    let promise = Promise<Result<Void, StoreError>>("gaps that are kept")
    keep(gaps) { promise.keep($0) }
    try await promise.value.get()
  }
}

extension DeliveryLookup {
  fileprivate func gaps(since: Timestamp? = nil, until: Timestamp? = nil) async throws(StoreError) -> [Gap] {
    let promise = Promise<Result<[Gap], StoreError>>("the gaps")
    gaps(since: since, until: until) { promise.keep($0) }
    return try await promise.value.get()
  }
}

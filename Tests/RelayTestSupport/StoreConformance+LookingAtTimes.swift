import RelayCore
import Testing

extension StoreConformance {
  /// Times that people ask for and are told are the wall clock's, and what is stored is in order of another.
  package static let lookingAtTimes = [
    // It was set back by a minute, and an hour forward later.
    StoreClaim("whatIsAskedForIsWhatTheWallClockShowed") { bench in
      let times = try await Times(bench, receivedAt: Array(stride(from: 0, to: 600, by: 5)))
      times.setWall()
      let bounds = [nil, 30, 145, 180, 199, 200, 260, 339, 400, 3_990, 4_000, 4_111, 4_300]
      for since in bounds {
        for until in bounds {
          let expected = times.received.indices.filter {
            since ?? 0 <= Times.wall(times.received[$0]) && Times.wall(times.received[$0]) < until ?? .max
          }
          #expect(
            try await times.events(since, until) == expected, "events \(since ?? -1) to \(until ?? -1)")
          #expect(
            try await times.deliveries(since, until) == expected,
            "deliveries \(since ?? -1) to \(until ?? -1)")
        }
      }
    },
    StoreClaim("howFarASearchHasComeIsToldByTheWallClock") { bench in
      let times = try await Times(bench, receivedAt: [100, 300, 500])
      times.setWall()
      let first = try await times.lookup.page(EventPageRequest(limit: 1))
      #expect(first.reached == .second(Times.wall(500)))
      let second = try await times.lookup.page(EventPageRequest(after: first.next, limit: 1))
      #expect(second.reached == .second(Times.wall(300)))
    },
    StoreClaim("aReplaysTimesAreToldByTheWallClockAndWhoGoesOnWithItHasItsOwn") { bench in
      let times = try await Times(bench, receivedAt: [])
      times.setWall()
      let new = NewReplay(plan: "to=crm", startedAt: .second(300))
      let ended = try await times.store.begun(new)
      bench.clock.set(.second(500))
      _ = try await times.store.end(ended.id, as: .cancelled)
      let unfinished = try await times.store.begun(new)
      let found = try await times.lookup.answer("a replay") { times.lookup.replay(ended.id, completion: $0) }
      let replay = try #require(found)
      #expect(replay.new.startedAt == .second(240) && replay.endedAt == .second(4_100))
      #expect(
        try await times.lookup.answer("replays") {
          times.lookup.replays(before: unfinished.id, limit: 9, completion: $0)
        } == [replay])
      #expect(
        try await times.lookup.answer("unfinished ones") { times.lookup.unfinishedReplays(completion: $0) }
          == [unfinished])
    },
    // What comes in takes up to ten seconds to its commit: what is stored is not quite in order of receipt.
    StoreClaim("whatWasReceivedBeforeOthersAndCommittedAfterThemIsFound") { bench in
      let times = try await Times(bench, receivedAt: (0..<120).map { $0 % 2 == 0 ? 10 * $0 : 10 * $0 - 18 })
      for bound in stride(from: 395, to: 620, by: 9) { try await times.check(bound) }
    },
    // What comes again and is stored later than it came stands anywhere behind; so do deliveries that came of new rules, or of a replay.
    StoreClaim("whatWasStoredMuchLaterThanItCameIsFoundByWhenItCame") { bench in
      var times = try await Times(bench, receivedAt: Array(stride(from: 0, to: 100, by: 10)))
      let unrouted = bench.make.envelope(to: [], bytes: 2, at: .second(95))
      _ = try await times.store.append(unrouted)
      times.add([unrouted.firstEventID], 95)
      // Of three events one was stored as they came.
      var first = bench.make.envelope(events: 3, bytes: 1, at: .second(100))
      first.events = [first.events[1]]
      _ = try await times.store.append(first)
      times.add([first.events[0].event.id], 100)
      for second in stride(from: 100, to: 500, by: 10) { try await times.store(at: second) }
      bench.clock.set(.second(600))
      let twin = bench.make.envelope(events: 3, bytes: 1, at: .second(600))
      let late = try await times.store.append(twin).claimed
      #expect(late.count == 2)
      times.add(late.map(\.event.id), 100)
      let rerouted = try await times.store.append(bench.make.envelope(bytes: 2, at: .second(600))).claimed
        .only
      #expect(rerouted.event.id == times.ids[10])
      for second in stride(from: 700, to: 1_200, by: 10) { try await times.store(at: second) }
      bench.clock.set(.second(1_300))
      _ = try await times.store.replayed(times.envelopes[10], to: ["bi"])
      // The unrouted one, those of 100, and the two that were stored late.
      #expect(try await times.events(95, 105) == [10, 11, 12, 52, 53])
      #expect(try await times.deliveries(95, 105) == [11, 12, 52, 53, 10, 12])
      // Those around them are found all the same.
      for bound in [90, 110, 490, 550, 650, 700, 800] {
        #expect(try await times.events(bound, nil) == times.expected { $0 >= bound })
        #expect(try await times.events(nil, bound) == times.expected { $0 < bound })
      }
    },
  ]
}

/// A store with an event a time, and a lookup of it.
private struct Times {
  let bench: StoreBench
  let store: any DeliveryStore
  let lookup: any DeliveryLookup
  private(set) var received: [Int] = []
  private(set) var ids: [EventID] = []
  private(set) var envelopes: [NewEnvelope] = []

  init(_ bench: StoreBench, receivedAt received: [Int]) async throws {
    self.bench = bench
    store = try await bench.open()
    lookup = bench.lookup(store)
    for second in received { try await store(at: second) }
  }

  mutating func store(at second: Int) async throws {
    let envelope = bench.make.envelope(at: .second(second))
    _ = try await store.stored(envelope)
    envelopes.append(envelope)
    add([envelope.firstEventID], second)
  }

  mutating func add(_ events: [EventID], _ second: Int) {
    ids += events
    received += events.map { _ in second }
  }

  // MARK: The wall clock

  func setWall() {
    bench.clock.set(.second(200))
    bench.clock.setWall(ahead: .seconds(-60))
    bench.clock.set(.second(400))
    bench.clock.setWall(ahead: .seconds(3_600))
  }

  /// What it showed then.
  static func wall(_ second: Int) -> Int {
    second < 200 ? second : second < 400 ? second - 60 : second + 3_600
  }

  // MARK: What is found

  /// Which of the events, in order of arrival.
  func events(_ since: Int?, _ until: Int?) async throws -> [Int] {
    let filter = EventFilter(since: since.map { .second($0) }, until: until.map { .second($0) })
    return try await lookup.allEvents(filter).map { event in ids.firstIndex(of: event.id)! }
  }

  func deliveries(_ since: Int?, _ until: Int?) async throws -> [Int] {
    let filter = DeliveryFilter(since: since.map { .second($0) }, until: until.map { .second($0) })
    return try await lookup.allDeliveries(filter).reversed().map { ids.firstIndex(of: $0.event)! }
  }

  func expected(_ holds: (Int) -> Bool) -> [Int] { received.indices.filter { holds(received[$0]) } }

  func check(_ bound: Int) async throws {
    let (later, earlier) = (expected { $0 >= bound }, expected { $0 < bound })
    #expect(try await events(bound, nil) == later, "events from \(bound)")
    #expect(try await events(nil, bound) == earlier, "events before \(bound)")
    #expect(try await deliveries(bound, nil) == later, "deliveries from \(bound)")
    #expect(try await deliveries(nil, bound) == earlier, "deliveries before \(bound)")
  }
}

import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Random lives of events, against what is to be left of them.
struct RetentionModelTests {
  /// An event as the model has it.
  private struct Life {
    var envelope: Int64
    var received: Int
    var deliveries: [Int64: (state: DeliveryState, settled: Int)]
    /// When it was last one of the newest.
    var newest: Int?

    /// When it may go; nil: not as things are.
    func end(retention: Int) -> Int? {
      guard deliveries.values.allSatisfy({ $0.state == .delivered || $0.state == .discarded }) else {
        return nil
      }
      return (deliveries.values.map(\.settled).max() ?? received) + retention
    }
  }

  /// A bench, and what the model says of it.
  private final class Run {
    let bench: KeepingBench
    let (retention, dedupe): (Int, Int)
    /// Of dead letters, and of bodies of what went nowhere; nil: as long as all else.
    private(set) var (deadRetention, unroutedRetention): (Int?, Int?) = (nil, nil)
    var random: SplitMix64
    var lives: [Int64: Life] = [:]
    /// When each was received.
    var envelopes: [Int64: Int] = [:]
    var now = 0
    /// The latest that the clock has shown.
    var latest = 0
    private var newest: Set<Int64> = []

    init(seed: UInt64) throws {
      random = SplitMix64(seed: seed)
      bench = try KeepingBench()
      (retention, dedupe) = (random.pick([50, 400]), random.pick([0, 100, 1_000]))
      configure()
    }

    func configure() {
      bench.configure(
        retention: retention, dedupe: dedupe, deadRetention: deadRetention,
        unroutedRetention: unroutedRetention)
    }

    func configure(deadRetention: Int?, unroutedRetention: Int?) {
      (self.deadRetention, self.unroutedRetention) = (deadRetention, unroutedRetention)
      configure()
    }

    func setClock() {
      bench.clock.set(.second(now))
      latest = max(latest, now)
    }

    func arrive() throws {
      let events = (0..<random.below(4)).map { _ in
        (0..<random.below(4)).map { _ in KeepingBench.Row.pending }
      }
      let rows = try bench.add(at: now, all: events)
      let envelope = try bench.rows("envelope").last!
      envelopes[envelope] = now
      for row in rows {
        let deliveries = try bench.connection.texts("SELECT id FROM delivery WHERE event = \(row)").map {
          Int64($0)!
        }
        lives[row] = Life(
          envelope: envelope, received: now,
          deliveries: Dictionary(uniqueKeysWithValues: deliveries.map { ($0, (.fresh, 0)) }))
      }
      bench.keeper.committed(appendedEvents: rows.count)
    }

    /// Some deliveries come to an end, often of the newest events.
    func settle() throws {
      for _ in 0..<random.below(6) {
        let open = lives.flatMap { life in
          life.value.deliveries.filter { $0.value.state == .fresh || $0.value.state == .dead }
            .map { (event: life.key, delivery: $0.key) }
        }.sorted { $0.delivery < $1.delivery }
        guard !open.isEmpty else { break }
        let choice = random.chance(70) ? random.pick(Array(open.suffix(5))) : random.pick(open)
        let state = random.pick([DeliveryState.delivered, .delivered, .discarded, .dead])
        try bench.settle(delivery: choice.delivery, at: now, as: state)
        lives[choice.event]!.deliveries[choice.delivery] = (state, now)
      }
      bench.keeper.committed(appendedEvents: 0)
    }

    /// Makes the steps that are due, and looks at what has gone by them.
    func keep() throws {
      setClock()
      bench.keep()
      try lookAtDeadLetters()
      try lookAtBodies()
      let (events, kept) = (Set(try bench.rows("event")), Set(try bench.rows("envelope")))
      for (row, life) in lives where !events.contains(row) {
        #expect(life.end(retention: retention) ?? .max <= now, "event \(row) went too early")
      }
      #expect(events.isSubset(of: lives.keys) && kept.isSubset(of: envelopes.keys))
      #expect(kept.isSuperset(of: events.map { lives[$0]!.envelope }))
      for (row, received) in envelopes where !kept.contains(row) { #expect(received + dedupe <= latest) }
      gone.formUnion(lives.keys.filter { !events.contains($0) })
      for row in gone { lives[row] = nil }
      envelopes = envelopes.filter { kept.contains($0.key) }
      noteNewest(events)
    }

    /// What was discarded was dead for its time, and none is dead for much longer.
    private func lookAtDeadLetters() throws {
      for (row, life) in lives {
        for (id, delivery) in life.deliveries where delivery.state == .dead {
          let pause = max(1, (deadRetention ?? 0) / 100)
          let state = try bench.state(of: id)
          if state == .dead {
            #expect(
              deadRetention.map { now < delivery.settled + $0 + pause } ?? true, "\(id) is dead too long")
          } else {
            #expect(state == .discarded)
            #expect(
              deadRetention.map { delivery.settled + $0 <= now } ?? false, "\(id) was given up too early")
            lives[row]!.deliveries[id] = (.discarded, now)
          }
        }
      }
    }

    /// Bodies go only of what went nowhere, not before their time, and not much later.
    private func lookAtBodies() throws {
      let (events, bodies) = (Set(try bench.rows("event")), Set(try bench.rowsWithBodies()))
      for (row, life) in lives where events.contains(row) {
        guard life.deliveries.isEmpty, let age = unroutedRetention else {
          #expect(bodies.contains(row), "\(row) has lost its body")
          continue
        }
        if bodies.contains(row) {
          #expect(now < life.received + age + max(1, age / 100), "\(row) has its body too long")
        } else {
          #expect(life.received + age <= now, "\(row) has lost its body too early")
        }
      }
    }

    private(set) var gone: Set<Int64> = []

    private func noteNewest(_ events: Set<Int64>) {
      let ofDelivery = lives.max {
        ($0.value.deliveries.keys.max() ?? 0) < ($1.value.deliveries.keys.max() ?? 0)
      }
      let now = [events.max(), ofDelivery?.key].compactMap { $0 }
      for row in newest.union(now) { lives[row]?.newest = self.now }
      newest = Set(now)
    }

    /// Nothing that may go stays longer than this.
    func expectNothingLate() {
      // Behind one that was settled a minute after its receipt; and what falls due together goes together.
      let pause = max(1, retention / 100)
      for (row, life) in lives {
        guard let end = life.end(retention: retention) else { continue }
        let latest = max(end + 60, life.newest.map { $0 + retention } ?? end) + pause
        #expect(now <= latest, "event \(row) is late: its time was \(end)")
      }
    }

    /// A store that is full spares no age, wherever its walks have come to.
    func expectNothingSettledInAFullStore() throws {
      (deadRetention, unroutedRetention) = (nil, nil)
      bench.configure(retention: retention, dedupe: dedupe, maxBytes: 1)
      bench.keep()
      let left = lives.filter { $0.value.end(retention: 0) == nil || newest.contains($0.key) }
      #expect(try bench.rows("event") == left.keys.sorted())
    }

    /// So late that all has gone which may go.
    func expectOnlyWhatMayNotGo() throws {
      // Else they would be given up just now.
      configure(deadRetention: nil, unroutedRetention: nil)
      now = latest + 5_000
      setClock()
      try bench.add(at: now, [.pending])
      bench.keeper.committed(appendedEvents: 1)
      bench.keep(at: now + retention)
      let added = try bench.rows("event").last!
      let left = lives.filter { $0.value.end(retention: retention) == nil }
      #expect(try bench.rows("event") == left.keys.sorted() + [added])
      #expect(try bench.rows("delivery").dropLast() == left.values.flatMap(\.deliveries.keys).sorted()[...])
      #expect(try bench.rows("envelope").dropLast() == Set(left.values.map(\.envelope)).sorted()[...])
      #expect(!left.isEmpty && !gone.isEmpty)
      let lost = "SELECT count(*) FROM straggler WHERE event NOT IN (SELECT id FROM event)"
      #expect(try bench.connection.integer(lost) == 0)
    }
  }

  @Test(arguments: 1...16 as ClosedRange<UInt64>)
  func whatIsLeftIsExactlyWhatMayNotGoAndNothingGoesMuchTooLate(seed: UInt64) throws {
    let run = try Run(seed: seed)
    run.configure(
      deadRetention: run.random.pick([nil, 30, 200]), unroutedRetention: run.random.pick([nil, 20, 300]))
    for _ in 0..<300 {
      run.now += run.random.below(20)
      run.setClock()
      switch run.random.below(10) {
      case 0..<4: try run.arrive()
      case 4..<8: try run.settle()
      case 8: try run.bench.reopen()
      default: run.now += run.random.below(300)
      }
      try run.keep()
      run.expectNothingLate()
    }
    if seed % 4 == 0 {
      try run.expectNothingSettledInAFullStore()
    } else {
      try run.expectOnlyWhatMayNotGo()
    }
  }

  @Test(arguments: 21...36 as ClosedRange<UInt64>)
  func aClockThatGoesBackLetsNothingGoTooEarlyAndLosesNothing(seed: UInt64) throws {
    let run = try Run(seed: seed)
    for _ in 0..<300 {
      run.now += run.random.below(20)
      run.setClock()
      switch run.random.below(11) {
      case 0..<4: try run.arrive()
      case 4..<8: try run.settle()
      case 8 where run.random.chance(30): try run.bench.reopen()
      case 9:
        run.now -= run.random.below(600)
        run.setClock()
        run.bench.keeper.committed(appendedEvents: 0)
      default: run.now += run.random.below(200)
      }
      try run.keep()
    }
    if seed % 2 == 0 {
      try run.expectNothingSettledInAFullStore()
    } else {
      try run.expectOnlyWhatMayNotGo()
    }
  }
}

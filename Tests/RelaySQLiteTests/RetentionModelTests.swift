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

    /// When it may go; nil: not as things are.
    func end(retention: Int) -> Int? {
      guard deliveries.values.allSatisfy({ $0.state == .delivered || $0.state == .discarded }) else {
        return nil
      }
      return (deliveries.values.map(\.settled).max() ?? received) + retention
    }
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func whatIsLeftIsExactlyWhatMayNotGo(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let bench = try KeepingBench()
    let (retention, dedupe) = (random.pick([50, 400]), random.pick([0, 100, 1_000]))
    bench.configure(retention: retention, dedupe: dedupe)
    var lives: [Int64: Life] = [:]
    var envelopes: [Int64: Int] = [:]
    var now = 0
    for _ in 0..<300 {
      now += random.below(20)
      bench.clock.set(.second(now))
      switch random.below(10) {
      case 0..<4:
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
      case 4..<8:
        let open = lives.flatMap { life in
          life.value.deliveries.filter { $0.value.state == .fresh || $0.value.state == .dead }
            .map { (event: life.key, delivery: $0.key) }
        }.sorted { $0.delivery < $1.delivery }
        for _ in 0..<min(open.count, random.below(6)) {
          let choice = random.pick(open)
          let state = random.pick([DeliveryState.delivered, .delivered, .discarded, .dead])
          try bench.settle(delivery: choice.delivery, at: now, as: state)
          lives[choice.event]!.deliveries[choice.delivery] = (state, now)
        }
        bench.keeper.committed(appendedEvents: 0)
      case 8: try bench.reopen()
      default: now += random.below(300)
      }
      bench.clock.set(.second(now))
      bench.keep()
      // Nothing goes early. What goes a little late goes in the end.
      let (events, kept) = (Set(try bench.rows("event")), Set(try bench.rows("envelope")))
      for (row, life) in lives where !events.contains(row) {
        #expect(life.end(retention: retention) ?? .max <= now)
      }
      for (row, received) in envelopes where !kept.contains(row) { #expect(received + dedupe <= now) }
      #expect(events.isSubset(of: lives.keys) && kept.isSubset(of: envelopes.keys))
      #expect(kept.isSuperset(of: events.map { lives[$0]!.envelope }))
    }
    // One more pause, so that nothing waits to go together with others.
    now += 5_000
    bench.clock.set(.second(now))
    try bench.add(at: now, [.pending])
    bench.keeper.committed(appendedEvents: 1)
    bench.keep(at: now + retention)
    let added = try bench.rows("event").last!
    let left = lives.filter { $0.value.end(retention: retention) == nil }
    #expect(try bench.rows("event") == left.keys.sorted() + [added])
    #expect(try bench.rows("delivery").dropLast() == left.values.flatMap(\.deliveries.keys).sorted()[...])
    #expect(try bench.rows("envelope").dropLast() == Set(left.values.map(\.envelope)).sorted()[...])
    #expect(!left.isEmpty && left.count < lives.count)
  }
}

import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// The limit on live data: what goes for it, and what is refused when nothing can go.
struct KeepingSizeTests {
  private static let limit = 16 << 20
  private let bench: KeepingBench
  private var keeper: StoreKeeper { bench.keeper }

  init() throws {
    bench = try KeepingBench()
    bench.configure(retention: 1_000_000, maxBytes: Self.limit)
  }

  private func share(_ percent: Int) -> Int { Self.limit / 100 * percent }

  /// Adds events of 10 KB until so much is live.
  private func fill(to bytes: Int, at second: Int = 0, _ deliveries: [KeepingBench.Row]) throws {
    while try StorePages(bench.connection).measure().liveBytes < bytes {
      try bench.add(at: second, all: Array(repeating: deliveries, count: 10), body: 10_000)
      try bench.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
  }

  /// What each commit is followed by.
  private func committed(events: Int = 0) {
    bench.clock.advance(by: .milliseconds(20))
    keeper.committed(appendedEvents: events)
  }

  // MARK: What goes

  @Test func aboveTheMarkTheOldestSettledEventsGoWhateverTheirAge() throws {
    for second in 0..<20 {
      try bench.add(at: second, all: Array(repeating: [.delivered(second)], count: 20), body: 10_000)
    }
    try fill(to: share(93), at: 20, [.delivered(20)])
    let before = try bench.rows("event")
    committed()
    #expect(try bench.rows("event") == before)
    #expect(bench.keep() > 0)
    let after = try bench.rows("event")
    #expect(keeper.liveBytes <= share(90) && keeper.liveBytes > share(85))
    #expect(after == before.suffix(after.count))
    #expect(keeper.refusal() == nil)
  }

  @Test func belowTheMarkNothingGoes() throws {
    try fill(to: share(90), [.delivered(0)])
    let before = try bench.rows("event")
    committed()
    bench.keep()
    #expect(try bench.rows("event") == before)
  }

  @Test func thoseThatNoRouteSentAnywhereTakeTheirTurnByTime() throws {
    // Their bodies go before all else: of these there is next to nothing.
    for second in 0..<80 {
      let isUnrouted = second % 2 == 0
      try bench.add(at: second, isUnrouted ? [] : [.delivered(second)], body: isUnrouted ? 10 : 100_000)
    }
    try fill(to: share(93), at: 80, [.pending])
    bench.clock.set(.second(80))
    committed()
    bench.keep()
    let left = try bench.rows("event").filter { $0 <= 80 }
    #expect((1..<80).contains(left.count))
    #expect(left == Array((80 - Int64(left.count) + 1)...80))
  }

  @Test func whatIsPendingOrDeadNeverGoes() throws {
    for second in 0..<100 {
      try bench.add(
        at: second, [.pending], [.delivered(second), .dead(second)], [.delivered(second)], body: 10_000)
    }
    try fill(to: share(97), at: 100, [.pending])
    let held = try bench.connection.texts("SELECT event FROM delivery WHERE state IN (0, 4) ORDER BY event")
    committed()
    bench.keep()
    #expect(try bench.connection.texts("SELECT id FROM event ORDER BY id") == held)
  }

  @Test func whatComesCantOutrunThePruning() throws {
    try fill(to: share(80), [.delivered(0)])
    committed()
    var largest = 0
    for second in 1...100 {
      try bench.add(at: second, all: Array(repeating: [.delivered(second)], count: 20), body: 10_000)
      committed(events: 20)
      largest = max(largest, keeper.liveBytes)
      #expect(keeper.refusal() == nil)
    }
    #expect(largest < Self.limit)
    #expect(try bench.rows("event").first! > 1_000)
  }

  // MARK: Refusal

  @Test func envelopesAreRefusedWhenWhatIsPendingAndDeadFillsTheStoreAlone() throws {
    try fill(to: share(101), [.pending, .dead(0)])
    committed(events: 10)
    let refusal = keeper.refusal()
    #expect(refusal?.code == .full)
    #expect(refusal?.message.contains("pending and dead deliveries alone fill the store (16 MiB)") == true)
    #expect(refusal?.message.contains("store.max_size") == true)
  }

  @Test func envelopesAreTakenAgainWhenEnoughHasBeenSettled() throws {
    try fill(to: share(101), [.pending])
    committed(events: 10)
    #expect(keeper.refusal() != nil)
    let rows = try bench.rows("delivery")
    // One percent is not enough: it would be full again at once.
    for row in rows.prefix(rows.count / 50) { try bench.settle(delivery: row, at: 1) }
    committed()
    bench.keep()
    #expect(keeper.liveBytes < Self.limit)
    #expect(keeper.refusal() != nil)
    for row in rows.prefix(rows.count / 10) where row > rows.count / 50 {
      try bench.settle(delivery: row, at: 2, as: .discarded)
    }
    committed()
    bench.keep()
    #expect(keeper.refusal() == nil)
  }

  @Test func aFullStoreThatHasSettledEventsRefusesNothing() throws {
    try fill(to: share(50), [.delivered(0)])
    try fill(to: share(105), [.pending])
    committed(events: 10)
    #expect(keeper.refusal() == nil)
    bench.keep()
    #expect(keeper.refusal() == nil)
    #expect(keeper.liveBytes <= share(90))
  }

  @Test func aFullStoreLooksAgainEachSecondWithoutACommitThatItIsToldOf() throws {
    try fill(to: share(101), [.pending])
    committed(events: 10)
    bench.keep()
    #expect(keeper.refusal() != nil)
    let next = bench.clock.now().advanced(by: .seconds(1))
    #expect(keeper.nextDue == next)
    try bench.execute("UPDATE delivery SET state = 5, settled = 0, revisit = 0")
    bench.clock.set(next)
    bench.keep()
    #expect(keeper.refusal() == nil)
    #expect(keeper.nextDue.map { $0 > next.advanced(by: .seconds(1)) } ?? true)
  }

  @Test func aLowerLimitIsReachedStepByStepAndRefusesNothingMeanwhile() throws {
    bench.configure(retention: 1_000_000, maxBytes: 4 * Self.limit)
    try fill(to: 3 * Self.limit, [.delivered(0)])
    bench.configure(retention: 1_000_000, maxBytes: Self.limit)
    committed(events: 1)
    #expect(keeper.liveBytes > Self.limit)
    #expect(keeper.refusal() == nil)
    #expect(bench.keep() > 5)
    #expect(keeper.liveBytes <= share(90))
    #expect(keeper.refusal() == nil)
  }

  @Test func aHigherLimitEndsTheRefusal() throws {
    try fill(to: share(101), [.pending])
    committed(events: 10)
    #expect(keeper.refusal() != nil)
    bench.configure(retention: 1_000_000, maxBytes: 2 * Self.limit)
    #expect(keeper.refusal() == nil)
    #expect(keeper.maxBytes == 2 * Self.limit)
  }

  @Test func aFullStoreThatCantBeHelpedIsLeftInPeace() throws {
    try fill(to: share(101), [.pending])
    committed(events: 10)
    #expect(bench.keep() <= 2)
    #expect(keeper.nextDue.map { $0 > bench.clock.now() } ?? true)
  }

  // MARK: Space

  private func fileBytes() throws -> Int {
    try FileManager.default.attributesOfItem(atPath: bench.path)[.size] as? Int ?? 0
  }

  @Test func theSpaceOfWhatWentGoesBackToTheDisk() throws {
    bench.configure(retention: 100, maxBytes: 1 << 40)
    try fill(to: 40 << 20, [.delivered(0)])
    let before = try fileBytes()
    try bench.add(at: 0, [.pending])
    let steps = bench.keep(at: 100)
    #expect(try bench.rows("event").count == 1)
    #expect(try fileBytes() < before / 2)
    #expect(steps > 20)
    #expect(try bench.connection.text("PRAGMA integrity_check") == "ok")
  }

  @Test func freePagesThatWillBeUsedAgainAreKept() throws {
    bench.configure(retention: 100, maxBytes: 1 << 40)
    try fill(to: 12 << 20, [.delivered(0)])
    let before = try fileBytes()
    try bench.add(at: 0, [.pending])
    bench.keep(at: 100)
    #expect(try fileBytes() >= before)
    #expect(try bench.connection.integer("PRAGMA freelist_count")! > 1_000)
  }

  @Test func aStepGivesAFewHundredPagesBackAtMost() throws {
    bench.configure(retention: 100, maxBytes: 1 << 40)
    try fill(to: 40 << 20, [.delivered(0)])
    try bench.add(at: 0, [.pending])
    bench.clock.set(.second(100))
    var pages = try bench.connection.integer("PRAGMA page_count")!
    while keeper.step() {
      let left = try bench.connection.integer("PRAGMA page_count")!
      #expect(pages - left <= 260)
      pages = left
    }
  }
}

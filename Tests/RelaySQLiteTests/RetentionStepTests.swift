import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// When the keeper steps, how much it does then, and what may come between. Events stay 1,000 s here.
struct RetentionStepTests {
  private let bench: KeepingBench

  init() throws {
    bench = try KeepingBench()
    bench.configure()
  }

  // MARK: How much

  @Test func aStepDeletesAFewHundredEventsAtMostAndTheOldestFirst() throws {
    for second in 0..<100 {
      try bench.add(at: second, all: Array(repeating: [.delivered(second)], count: 10))
    }
    try bench.add(at: 100, [.pending])
    bench.clock.set(.second(1_100))
    var before: Int64 = 1_001
    var hasMore = true
    while hasMore {
      hasMore = bench.keeper.step()
      let left = try bench.rows("event")
      #expect(before - Int64(left.count) <= 200)
      #expect(left == Array(1_001 - Int64(left.count) + 1...1_001))
      before = Int64(left.count)
    }
    #expect(try bench.rows("event") == [1_001])
  }

  @Test func aStepOverAnEnvelopeOfManyEventsIsBoundedToo() throws {
    try bench.add(at: 0, all: Array(repeating: [], count: 1_000) + Array(repeating: [.pending], count: 4_000))
    try bench.add(at: 0, all: Array(repeating: [], count: 300))
    try bench.add(at: 0, [.pending])
    bench.clock.set(.second(1_000))
    var before = try bench.count("event")
    var steps = 1
    while bench.keeper.step() {
      let left = try bench.count("event")
      #expect(before - left <= 200)
      before = left
      steps += 1
    }
    #expect(try bench.count("event") == 4_001)
    #expect(try bench.rows("envelope") == [1, 3])
    #expect(steps > 6)
  }

  @Test func whatStaysIsPassedOnceAndNotAtEveryStep() throws {
    for _ in 0..<40 {
      try bench.add(at: 0, all: Array(repeating: [.delivered(0), .dead(0)], count: 100))
    }
    try bench.add(at: 0, [.pending])
    #expect(bench.keep(at: 1_000) > 1)
    try bench.add(at: 1_000, [.delivered(1_000)])
    try bench.add(at: 1_000, [.pending])
    bench.keeper.committed(appendedEvents: 2)
    #expect(bench.keep(at: 2_000) == 1)
    #expect(try bench.count("event") == 4_002)
  }

  // MARK: When

  @Test func aStoreWithNothingToPruneWantsNoStep() throws {
    #expect(bench.keep() == 1)
    #expect(bench.keeper.nextDue == nil)
  }

  @Test func theNextStepIsWantedWhenTheOldestFallsDue() throws {
    try bench.add(at: 0, [.delivered(300)])
    try bench.add(at: 400, [.delivered(400)])
    bench.keeper.committed(appendedEvents: 2)
    bench.keep(at: 500)
    // The first event's envelope was received then.
    #expect(bench.keeper.nextDue == .second(1_000))
    bench.keep(at: 1_000)
    #expect(bench.keeper.nextDue == .second(1_300))
    bench.keep(at: 1_300)
    #expect(try bench.rows("event") == [2])
    bench.keep(at: 10_000)
    #expect(bench.keeper.nextDue == nil)
  }

  @Test func aCommitIsLookedAtOnceItsOutcomesAreOld() throws {
    bench.keep()
    bench.clock.set(.second(7))
    try bench.add(at: 7, [.delivered(7)])
    try bench.add(at: 7, [.pending])
    bench.keeper.committed(appendedEvents: 2)
    #expect(bench.keeper.nextDue == .second(1_007))
    #expect(bench.keep(at: 1_006) == 0)
    bench.keep(at: 1_007)
    #expect(try bench.rows("event") == [2])
    #expect(bench.keeper.nextDue == nil)
  }

  @Test(arguments: [(1_000, 10), (10, 1), (1_000_000, 60)])
  func whatFallsDueTogetherGoesTogether(retention: Int, pause: Int) throws {
    bench.configure(retention: retention)
    for second in 0...200 { try bench.add(at: second, [.delivered(second)]) }
    try bench.add(at: 200, [.pending])
    bench.keep(at: retention)
    #expect(bench.keeper.nextDue == .second(retention + pause))
    #expect(bench.keep(at: retention + pause - 1) == 0)
    bench.keep(at: retention + pause)
    #expect(try bench.rows("event").first == Int64(pause) + 2)
  }

  @Test func withoutAConfigurationNothingIsPruned() throws {
    let bench = try KeepingBench()
    try bench.add(at: 0, [.delivered(0)])
    try bench.add(at: 0, [.pending])
    bench.keeper.committed(appendedEvents: 2)
    bench.clock.set(.second(100_000_000))
    #expect(bench.keeper.nextDue == nil)
    #expect(!bench.keeper.step())
    #expect(try bench.count("event") == 2)
  }

  @Test func aShorterRetentionHoldsAtOnce() throws {
    try bench.add(at: 0, [.delivered(0)])
    try bench.add(at: 0, [.pending])
    bench.keep(at: 500)
    bench.configure(retention: 400)
    bench.keep()
    #expect(try bench.rows("event") == [2])
  }

  // MARK: What comes between

  @Test func aClockThatWentBackLosesNothing() throws {
    bench.configure(retention: 10)
    try bench.add(at: 0, [.pending], [.pending])
    try bench.add(at: 0, [.delivered(0)])
    try bench.add(at: 0, [.pending])
    try bench.settle(delivery: 1, at: 100)
    bench.keep(at: 200)
    #expect(try bench.rows("event") == [2, 4])
    // An hour back: settled before all that the walk has passed.
    bench.clock.set(.second(-3_600))
    try bench.settle(delivery: 2, at: -3_600)
    bench.keeper.committed(appendedEvents: 0)
    bench.keep(at: -3_590)
    #expect(try bench.rows("event") == [4])
  }

  @Test func whatIsOfALaterTimeThanNowHoldsUpNobodyAndGoesWhenItsTimeHasCome() throws {
    bench.configure(dedupe: 5_000)
    try bench.add(at: 100_000, [.delivered(100_000)], [], [.delivered(100_010)])
    try bench.add(at: 10, [.delivered(10)], [])
    try bench.add(at: 10, [.pending])
    bench.keep(at: 1_010)
    #expect(try bench.rows("event") == [1, 2, 3, 6])
    #expect(bench.keeper.nextDue == .second(101_000))
    // Nor does it put off what comes now.
    try bench.add(at: 1_010, [.delivered(1_010)])
    try bench.add(at: 1_010, [.pending])
    bench.keeper.committed(appendedEvents: 2)
    #expect(bench.keeper.nextDue == .second(2_010))
    bench.keep(at: 2_010)
    #expect(try bench.rows("event") == [1, 2, 3, 6, 8])
    bench.keep(at: 101_000)
    #expect(try bench.rows("event") == [3, 6, 8])
    bench.keep(at: 101_010)
    #expect(try bench.rows("event") == [6, 8])
  }

  @Test func whatIsOfALaterTimeThanNowGoesFromAFullStoreToo() throws {
    try bench.add(at: 100_000, [.delivered(100_000)], [])
    try bench.add(at: 10, [.pending])
    bench.keep(at: 1_010)
    #expect(try bench.rows("event") == [1, 2, 3])
    bench.configure(maxBytes: 1)
    bench.keep()
    #expect(try bench.rows("event") == [3])
  }

  @Test func anEntryOfAClockThatWentBackDoesNotHideThatAnotherWasSettledLater() throws {
    try bench.add(at: 0, [.pending, .pending])
    try bench.add(at: 0, [.pending])
    try bench.settle(delivery: 1, at: 50)
    bench.keep(at: 10)
    try bench.settle(delivery: 2, at: 20)
    bench.keeper.committed(appendedEvents: 0)
    bench.keep(at: 1_020)
    #expect(try bench.rows("event") == [1, 2])
    #expect(bench.keeper.nextDue == .second(1_050))
    bench.keep(at: 1_050)
    #expect(try bench.rows("event") == [2])
  }

  @Test func aFailedStepIsTakenBackAndTriedAgainASecondLater() throws {
    for _ in 1...3 { try bench.add(at: 0, [.delivered(0)]) }
    try bench.add(at: 0, [.pending])
    try bench.execute(
      """
      CREATE TRIGGER fault BEFORE DELETE ON event WHEN old.id = 2 BEGIN SELECT RAISE(ABORT, 'no such luck'); END
      """)
    bench.clock.set(.second(1_000))
    #expect(!bench.keeper.step())
    #expect(!bench.connection.isInTransaction)
    #expect(try bench.count("event") == 4)
    #expect(bench.keeper.nextDue == .second(1_001))
    try bench.execute("DROP TRIGGER fault")
    bench.keep(at: 1_001)
    #expect(try bench.rows("event") == [4])
  }

  @Test func afterARestartTheWalksBeginAnew() throws {
    try bench.add(at: 0, [.delivered(0), .pending])
    try bench.add(at: 0, [.delivered(500)], [])
    try bench.add(at: 0, [.pending])
    bench.keep(at: 1_000)
    #expect(try bench.rows("event") == [1, 2, 4])
    try bench.reopen()
    try bench.settle(delivery: 2, at: 10)
    bench.keep(at: 1_500)
    #expect(try bench.rows("event") == [4])
  }
}

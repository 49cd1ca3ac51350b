import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// `store.dead_retention`: dead letters that are older are discarded.
struct DeadRetentionTests {
  private let bench: KeepingBench

  init() throws {
    bench = try KeepingBench()
    // Later than that there is always a newest event, which stays.
    try bench.add(at: 0, [.pending])
  }

  private func reasons() throws -> [String] {
    try bench.connection.texts("SELECT reason FROM delivery WHERE state = 5 ORDER BY id")
  }

  @Test func aDeadLetterIsDiscardedOnceItIsOldAndThenGoesWithRetention() throws {
    bench.configure(retention: 50, deadRetention: 1_000)
    let event = try bench.add(at: 0, [.pending])[0]
    let delivery = try bench.rows("delivery").last!
    try bench.add(at: 0, [.pending])
    try bench.settle(delivery: delivery, at: 10, as: .dead)
    let books = { self.bench.session.destinations.all[0] }
    #expect((books().dead, books().discarded) == (1, 0))
    bench.keeper.committed(appendedEvents: 0)
    bench.keep(at: 999)
    #expect(try bench.state(of: delivery) == .dead)
    let bytes = books().backlogBytes
    bench.keep(at: 1_010)
    #expect(try bench.state(of: delivery) == .discarded)
    #expect(try reasons() == ["\(DiscardReason.retention.rawValue)"])
    #expect((books().dead, books().discarded) == (0, 1))
    #expect(books().backlogBytes <= bytes)
    #expect(bench.keeper.takeDiscardedDead() == ["crm": 1])
    #expect(bench.keeper.takeDiscardedDead().isEmpty)
    bench.keep(at: 1_059)
    #expect(try bench.rows("event").contains(event))
    bench.keep(at: 1_065)
    #expect(try !bench.rows("event").contains(event))
  }

  @Test func withoutABoundItStays() throws {
    bench.configure(retention: 50)
    try bench.add(at: 0, [.dead(1)])
    let delivery = try bench.rows("delivery").last!
    bench.keep(at: 10_000_000)
    #expect(try bench.state(of: delivery) == .dead)
  }

  @Test func theTimeOfItsDeathCountsNotThatOfItsArrival() throws {
    bench.configure(deadRetention: 100)
    try bench.add(at: 0, [.dead(90)], [.dead(20)])
    let deliveries = try bench.rows("delivery").suffix(2).map { $0 }
    bench.keep(at: 130)
    #expect(try deliveries.map { try bench.state(of: $0) } == [.dead, .discarded])
  }

  @Test func aRetriedOneIsNotDiscardedAndCountsAnewIfItDiesAgain() throws {
    bench.configure(deadRetention: 100)
    try bench.add(at: 0, [.pending])
    let delivery = try bench.rows("delivery").last!
    try bench.settle(delivery: delivery, at: 10, as: .dead)
    // Retried, and dead again.
    try bench.settle(delivery: delivery, at: 90, as: .dead)
    bench.keeper.committed(appendedEvents: 0)
    bench.keep(at: 150)
    #expect(try bench.state(of: delivery) == .dead)
    bench.keep(at: 195)
    #expect(try bench.state(of: delivery) == .discarded)
  }

  @Test func whatDiesAfterTheWalkHasPassedIsFoundAlsoAfterARestart() throws {
    bench.configure(deadRetention: 100)
    try bench.add(at: 0, [.dead(1)], [.pending])
    let deliveries = Array(try bench.rows("delivery").suffix(2))
    bench.keep(at: 101)
    try bench.settle(delivery: deliveries[1], at: 102, as: .dead)
    bench.keeper.committed(appendedEvents: 0)
    try bench.reopen()
    bench.keep(at: 210)
    #expect(try deliveries.map { try bench.state(of: $0) } == [.discarded, .discarded])
  }

  /// Broken by a walk that has passed what it has not discarded.
  @Test func whatAFailedTransactionDidIsDoneByTheNext() throws {
    try bench.add(at: 0, [.dead(1)])
    let delivery = try bench.rows("delivery").last!
    let transactions = bench.session.transactions
    let walk = try DeadLetterWalk(bench.connection, transactions, changes: bench.session.changes)
    var budget = StepBudget(time: nil)
    let error = StoreError(code: .failing, message: "the disk does not take it")
    #expect(throws: error) {
      try transactions.run { () throws(StoreError) in
        #expect(try walk.step(until: .second(50), now: .second(100), &budget))
        throw error
      }
    }
    #expect(try bench.state(of: delivery) == .dead && walk.takeDiscarded().isEmpty)
    _ = try transactions.run { () throws(StoreError) in
      try walk.step(until: .second(50), now: .second(100), &budget)
    }
    #expect(try bench.state(of: delivery) == .discarded)
    #expect(walk.takeDiscarded() == ["crm": 1])
  }

  @Test func aClockThatWentBackHidesNoDeadLetter() throws {
    bench.configure(deadRetention: 100)
    try bench.add(at: 0, [.dead(200)], [.pending])
    let deliveries = Array(try bench.rows("delivery").suffix(2))
    bench.keep(at: 400)
    #expect(try bench.state(of: deliveries[0]) == .discarded)
    bench.clock.set(.second(150))
    bench.keeper.committed(appendedEvents: 0)
    try bench.settle(delivery: deliveries[1], at: 160, as: .dead)
    bench.clock.set(.second(160))
    bench.keeper.committed(appendedEvents: 0)
    bench.keep(at: 500)
    #expect(try bench.state(of: deliveries[1]) == .discarded)
  }

  @Test func manyTakeManyShortSteps() throws {
    bench.configure(deadRetention: 100)
    try bench.execute("BEGIN")
    for second in 0..<1_000 { try bench.add(at: second % 7, [.dead(second % 7)]) }
    try bench.execute("COMMIT")
    bench.session.destinations.change(RowID(rawValue: 1)) { $0.dead += 1_000 }
    #expect(bench.keep(at: 200) > 4)
    #expect(try bench.connection.integer("SELECT count(*) FROM delivery WHERE state = 4") == 0)
    #expect(bench.keeper.takeDiscardedDead() == ["crm": 1_000])
  }
}

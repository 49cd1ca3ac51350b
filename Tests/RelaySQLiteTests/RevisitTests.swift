import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// Which deliveries make an entry for retention when they are settled for good: those of events that its walk has
/// passed, and those that were settled a minute or more after their receipt.
struct RevisitTests {
  private let bench: SessionBench

  init() throws {
    bench = try SessionBench()
  }

  private func store(_ events: Int = 1, to destinations: [String] = ["crm"], at second: Int = 0) throws
    -> [Delivery]
  {
    bench.clock.set(.second(second))
    return try bench.stored(bench.make.envelope(to: destinations, events: events, at: .second(second)))
  }

  private func settle(_ delivery: Delivery, _ outcome: Settlement.Outcome = .delivered, at second: Int) {
    bench.clock.set(.second(second))
    _ = bench.settle(delivery.settled(outcome))
  }

  /// Retention walks to the end: all that it meets is pending.
  private func walk() {
    // Whoever configures it has it walk at once.
    bench.keeper.configure(.test)
    while bench.keeper.step() {}
  }

  /// By the delivery: when it is to be looked at again.
  private var entries: [Int64: Timestamp] {
    get throws {
      let query = try bench.session.connection.prepare(
        "SELECT id, revisit, settled FROM delivery WHERE revisit IS NOT NULL")
      var entries: [Int64: Timestamp] = [:]
      while try query.step() {
        #expect(query.integer(1) == query.integer(2))
        entries[query.integer(0)] = Timestamp(microseconds: query.integer(1))
      }
      return entries
    }
  }

  @Test func whatIsRetriedHasNoEntryUntilItIsSettledAnew() throws {
    let held = try store().only
    bench.release([held])
    bench.clock.set(.second(500))
    #expect(try bench.change(.discard, .ids([held.id])) == 1)
    #expect(try entries == [held.id.rawValue: .second(500)])
    #expect(try bench.change(.retry(at: .second(501)), .ids([held.id])) == 1)
    #expect(try entries.isEmpty)
  }

  @Test func whatIsRoutedAnewCountsFromItsFirstReceipt() throws {
    bench.clock.set(.second(0))
    _ = try bench.stored(bench.make.envelope(to: [], bytes: 1, at: .second(0)))
    bench.clock.set(.second(500))
    let twin = bench.make.envelope(bytes: 1, at: .second(500))
    guard case .duplicate(_, _, let rerouted) = try bench.write([twin]).first?.get() else {
      Issue.record("it is no duplicate")
      return
    }
    settle(try rerouted.deliveries.only, at: 501)
    #expect(try Array(entries.values) == [.second(501)])
  }

  @Test func whatOverflowsWhenItIsRoutedAnewHasAnEntryToo() throws {
    bench.clock.set(.second(0))
    _ = try bench.stored(bench.make.envelope(to: [], bytes: 1, at: .second(0)))
    var configuration = StoreConfiguration.test
    configuration.maxBacklogBytes["crm"] = 1
    try bench.configure(configuration)
    bench.clock.set(.second(500))
    _ = bench.write([bench.make.envelope(bytes: 1, at: .second(500))])
    #expect(try Array(entries.values) == [.second(500)])
  }

  @Test func whatArrivesInOrderAndIsDeliveredAtOnceMakesNoEntryAnywhere() throws {
    for second in 0..<5 {
      for delivery in try store(20, to: ["crm", "bi"], at: second) { settle(delivery, at: second + 1) }
    }
    #expect(try StoreReader(path: bench.home.path).deliveries().allSatisfy { $0.state == .delivered })
    #expect(try entries.isEmpty)
    #expect(try bench.count("straggler") == 0)
  }

  @Test func whatIsSettledAMinuteAfterItsReceiptMakesNoneAndLaterOne() throws {
    let deliveries = try store(3)
    settle(deliveries[0], at: 60)
    settle(deliveries[1], at: 61)
    settle(deliveries[2].attempted(3), at: 62)
    #expect(try entries == [deliveries[1].id.rawValue: .second(61), deliveries[2].id.rawValue: .second(62)])
  }

  @Test(arguments: [false, true])
  func whatWasReadBackIsJudgedByItsReceiptToo(isClaimed: Bool) throws {
    let deliveries = try store(2)
    try bench.reopen()
    if isClaimed {
      let request = ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 9, byteLimit: .max)
      #expect(try bench.session.claims.claim(request).deliveries.count == 2)
    }
    settle(deliveries[0], at: 60)
    settle(deliveries[1], at: 61)
    #expect(try entries == [deliveries[1].id.rawValue: .second(61)])
  }

  @Test func whatTheWalkHasPassedMakesOneHoweverSoonItIsSettled() throws {
    let before = try store(2)
    walk()
    let after = try store(1)
    settle(before[0], at: 1)
    settle(after[0], at: 1)
    settle(before[1].attempted(2), at: 2)
    #expect(try entries == [before[0].id.rawValue: .second(1), before[1].id.rawValue: .second(2)])
    #expect(try StoreReader(path: bench.home.path).deliveries().map(\.attempts) == [1, 3, 1])
  }

  @Test func aWalkThatFailedHasPassedNothing() throws {
    let held = try store(1)[0]
    let settled = try store(1)[0]
    _ = try store(1)
    settle(settled, at: 1)
    let connection = bench.session.connection
    try connection.execute(
      "CREATE TRIGGER fault BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'no such luck'); END")
    bench.clock.set(.second(10_000_000))
    walk()
    #expect(try bench.count("event") == 3)
    try connection.execute("DROP TRIGGER fault")
    settle(held, at: 2)
    #expect(try entries.isEmpty)
  }

  @Test func afterARestartNothingIsPassed() throws {
    let deliveries = try store(2)
    walk()
    try bench.reopen()
    // Its first steps are still to come.
    settle(deliveries[0], at: 1)
    #expect(try entries.isEmpty)
    walk()
    settle(deliveries[1], at: 1)
    #expect(try entries.isEmpty, "the walk stops at the first")
  }

  /// By it dead letters are found in the order in which they died.
  @Test func aDeadOneMakesOneAtItsDeathAndHasAnotherOrNoneWhenItIsDiscarded() throws {
    let deliveries = try store(2)
    for delivery in deliveries { settle(delivery, .dead(.permanent), at: 100) }
    #expect(
      try entries == Dictionary(uniqueKeysWithValues: deliveries.map { ($0.id.rawValue, .second(100)) }))
    bench.clock.set(.second(60))
    #expect(try bench.change(.discard, .ids([deliveries[0].id])) == 1)
    #expect(try entries == [deliveries[1].id.rawValue: .second(100)])
    bench.clock.set(.second(61))
    #expect(try bench.change(.discard, .ids([deliveries[1].id])) == 1)
    #expect(try entries == [deliveries[1].id.rawValue: .second(61)])
  }

  @Test func aPendingOneThatWasPassedMakesOneWhenItIsDiscarded() throws {
    let deliveries = try store(1)
    bench.release(deliveries)
    walk()
    bench.clock.set(.second(5))
    #expect(try bench.change(.discard, .filter(DeliveryFilter())) == 1)
    #expect(try entries == [deliveries[0].id.rawValue: .second(5)])
  }

  @Test func aDeadOneThatIsRetriedMakesOneOnlyWhenItIsSettled() throws {
    let deliveries = try store(2)
    for delivery in deliveries { settle(delivery, .dead(.permanent), at: 1) }
    #expect(try bench.change(.retry(at: .second(2)), .filter(DeliveryFilter())) == 2)
    #expect(try entries.isEmpty)
    settle(deliveries[0].attempted(1), at: 3)
    #expect(try entries.isEmpty)
    settle(deliveries[1].attempted(1), at: 90)
    #expect(try entries == [deliveries[1].id.rawValue: .second(90)])
  }

  @Test func aRetryMakesNone() throws {
    let delivery = try store(1)[0]
    walk()
    settle(delivery, .retry(at: .second(200)), at: 100)
    #expect(try entries.isEmpty)
  }

  @Test func whatOverflowsMakesNone() throws {
    var configuration = StoreConfiguration.test
    configuration.maxBacklogBytes = ["crm": 1]
    try bench.configure(configuration)
    #expect(try store(3).isEmpty)
    #expect(try entries.isEmpty)
    #expect(bench.session.destinations.all.books["crm"]?.overflowed == 3)
  }
}

extension Delivery {
  /// The same, after so many attempts that failed.
  fileprivate func attempted(_ attempts: Int) -> Delivery {
    var delivery = self
    (delivery.attempts, delivery.countedAttempts) = (attempts, attempts)
    return delivery
  }
}

import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What goes when it is old enough, and what stays. Events stay 1,000 s here, and a hash 100 s.
struct RetentionTests {
  private let bench: KeepingBench

  init() throws {
    bench = try KeepingBench()
    bench.configure()
  }

  /// Events, envelopes and deliveries that must stay because they are the newest.
  private func addNewest(at second: Int = 0) throws { try bench.add(at: second, [.pending]) }

  @Test func anEventGoesWithAllThatIsItsOnceItsLastDeliveryWasSettledLongEnoughAgo() throws {
    try bench.add(at: 0, [.delivered(5), .discarded(50)])
    try addNewest()
    bench.keep(at: 1_049)
    #expect(try bench.rows("event") == [1, 2])
    bench.keep(at: 1_060)
    #expect(try bench.rows("event") == [2])
    #expect(try bench.rows("delivery") == [3])
    #expect(try bench.rows("envelope") == [2])
  }

  @Test(arguments: [DeliveryState.fresh, .retrying, .waiting, .dead])
  func anEventStaysWhileOneOfItsDeliveriesIsNotSettled(_ state: DeliveryState) throws {
    try bench.add(at: 0, [.delivered(5), KeepingBench.Row(state: state, settled: state == .dead ? 5 : nil)])
    try addNewest()
    bench.keep(at: 100_000)
    #expect(try bench.rows("event") == [1, 2])
    #expect(try bench.rows("delivery") == [1, 2, 3])
  }

  @Test(arguments: [DeliveryState.delivered, .discarded])
  func anEventThatWasPassedGoesOnceItsLastDeliveryIsSettledAndOld(_ state: DeliveryState) throws {
    try bench.add(at: 0, [.delivered(5), .pending])
    try addNewest()
    bench.keep(at: 5_000)
    try bench.settle(delivery: 2, at: 5_000, as: state)
    bench.keeper.committed(appendedEvents: 0)
    bench.keep(at: 5_999)
    #expect(try bench.rows("event") == [1, 2])
    bench.keep(at: 6_000)
    #expect(try bench.rows("event") == [2])
  }

  @Test func anEventThatNoRouteSentAnywhereGoesByTheTimeOfItsReceipt() throws {
    try bench.add(at: 0, [], [.pending], [])
    try bench.add(at: 500, [])
    try addNewest(at: 500)
    bench.keep(at: 1_000)
    #expect(try bench.rows("event") == [2, 4, 5])
    bench.keep(at: 1_500)
    #expect(try bench.rows("event") == [2, 5])
    #expect(try bench.rows("envelope") == [1, 3])
  }

  @Test func failuresGoWithTheirDelivery() throws {
    try bench.add(at: 0, [KeepingBench.Row(state: .delivered, settled: 0, failures: 3)])
    try bench.add(at: 0, [KeepingBench.Row(state: .dead, settled: 0, failures: 2)])
    bench.keep(at: 1_000)
    #expect(try bench.count("failure") == 2)
    #expect(try bench.rows("delivery") == [2])
  }

  @Test func theBooksOfADestinationAreNotTouched() throws {
    try bench.execute("UPDATE destination SET delivered = 7, discarded = 5, pending = 1")
    try bench.add(at: 0, [.delivered(0), .discarded(0)])
    try addNewest()
    bench.keep(at: 1_000)
    #expect(try bench.rows("event") == [2])
    let sums = "SELECT sum(delivered) * 100 + sum(discarded) * 10 + sum(pending) FROM destination"
    #expect(try bench.connection.integer(sums) == 2_253)
  }

  // MARK: The order of arrival, and what straggles

  @Test func whatStandsBehindOneThatIsTooYoungGoesWithIt() throws {
    try bench.add(at: 0, [.delivered(60)])
    try bench.add(at: 1, [.delivered(1)], [])
    try addNewest(at: 1)
    bench.keep(at: 1_059)
    #expect(try bench.rows("event") == [1, 2, 3, 4])
    #expect(bench.keeper.nextDue == .second(1_069))
    bench.keep(at: 1_069)
    #expect(try bench.rows("event") == [4])
  }

  @Test func anEventThatWasSettledLaterThanAMinuteHoldsUpNobody() throws {
    try bench.add(at: 0, [.delivered(3), .delivered(61)])
    try bench.add(at: 1, [.delivered(1)], [])
    try addNewest(at: 1)
    bench.keep(at: 1_001)
    #expect(try bench.rows("event") == [1, 4])
    bench.keep(at: 1_060)
    #expect(try bench.rows("event") == [1, 4])
    bench.keep(at: 1_070)
    #expect(try bench.rows("event") == [4])
  }

  @Test(arguments: 1...2)
  func anEventWhoseDeliveriesWereSettledTogetherIsAwaitedByAnyOfThem(delivery: Int) throws {
    try bench.add(at: 0, [.delivered(61), .delivered(61)])
    try bench.add(at: 1, [.delivered(1)])
    try addNewest(at: 1)
    try bench.execute("UPDATE delivery SET revisit = NULL WHERE event = 1 AND id <> \(delivery)")
    bench.keep(at: 1_001)
    #expect(try bench.rows("event") == [1, 3])
    bench.keep(at: 1_061)
    #expect(try bench.rows("event") == [3])
  }

  @Test func aStragglerGoesOutOfItsTableWithItsEvent() throws {
    try bench.add(at: 500, [.delivered(0)])
    try bench.add(at: 0, [.delivered(0)], [.delivered(0)], [.pending])
    try addNewest(at: 0)
    #expect(try bench.connection.texts("SELECT event FROM straggler ORDER BY event") == ["2", "3", "4", "5"])
    bench.keep(at: 1_000)
    #expect(try bench.rows("event") == [4, 5])
    #expect(try bench.connection.texts("SELECT event FROM straggler ORDER BY event") == ["4", "5"])
  }

  // MARK: The newest

  @Test func theNewestRowsStaySoThatNoNumberIsGivenTwice() throws {
    // The newest delivery belongs to an older event than the newest.
    try bench.add(at: 0, [.delivered(0)], [.delivered(0)], [])
    try bench.add(at: 0)
    bench.keep(at: 2_000)
    #expect(try bench.rows("event") == [2, 3])
    #expect(try bench.rows("delivery") == [2])
    #expect(try bench.rows("envelope") == [1, 2])
    #expect(bench.keeper.nextDue == nil)
  }

  @Test func whatWasTheNewestGoesOnceItIsNotAnyMore() throws {
    try bench.add(at: 0, [.delivered(0)], [])
    bench.keep(at: 2_000)
    #expect(try bench.rows("event") == [1, 2])
    try addNewest(at: 2_000)
    bench.keeper.committed(appendedEvents: 1)
    bench.keep(at: 3_000)
    #expect(try bench.rows("event") == [3])
    #expect(try bench.rows("envelope") == [2])
  }

  // MARK: Envelopes

  @Test func anEnvelopeStaysUntilItsLastEventHasGone() throws {
    try bench.add(at: 0, [.delivered(0)], [.delivered(700)], [])
    try addNewest()
    bench.keep(at: 1_000)
    #expect(try bench.rows("event") == [2, 4])
    #expect(try bench.rows("envelope") == [1, 2])
    bench.keep(at: 1_700)
    #expect(try bench.rows("envelope") == [2])
  }

  @Test func anEnvelopeWithoutEventsStaysAsLongAsItsHashIsNeeded() throws {
    bench.configure(retention: 1_000, dedupe: 5_000)
    try bench.add(at: 0, [.delivered(0)])
    try bench.add(at: 10, hasHash: true)
    try bench.add(at: 20, [.delivered(20)], hasHash: false)
    try addNewest(at: 20)
    bench.keep(at: 4_900)
    #expect(try bench.rows("event") == [3])
    #expect(try bench.rows("envelope") == [1, 2, 4])
    bench.keep(at: 5_000)
    #expect(try bench.rows("envelope") == [2, 4])
    bench.keep(at: 5_010)
    #expect(try bench.rows("envelope") == [4])
  }

  @Test func anEnvelopeThatIsTooFarBackToBeRecognizedNeedNotStay() throws {
    bench.configure(retention: 1_000, dedupe: 5_000)
    for _ in 1...3 { try bench.add(at: 0, [.delivered(0)]) }
    try addNewest()
    let newest = Int64(3 + Pruner.recognizedEnvelopes - 1)
    try bench.execute("UPDATE envelope SET id = \(newest) WHERE id = 4")
    bench.keep(at: 1_000)
    #expect(try bench.rows("envelope") == [3, newest])
  }

  @Test func aLongerDedupeLeavesNoEnvelopeBehind() throws {
    try bench.add(at: 0, [.delivered(0), .pending])
    try addNewest()
    bench.keep(at: 2_000)
    bench.configure(retention: 1_000, dedupe: 1_000_000)
    try bench.settle(delivery: 2, at: 2_000)
    bench.keeper.committed(appendedEvents: 0)
    bench.keep(at: 3_000)
    #expect(try bench.rows("event") == [2])
    #expect(try bench.rows("envelope") == [2])
  }
}

import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// `store.unrouted_retention`: the bodies of events that went nowhere go before their events.
struct UnroutedRetentionTests {
  private let bench: KeepingBench

  init() throws { bench = try KeepingBench() }

  @Test func theBodyGoesAndTheRestOfTheRowStays() throws {
    bench.configure(retention: 10_000, unroutedRetention: 100)
    let rows = try bench.add(at: 5, [], [.delivered(5)])
    let query = """
      SELECT hex(uuid), envelope, type, routes, dropped, deliveries, first_delivery, erased FROM event WHERE id = \(rows[0])
      """
    let before = try bench.connection.texts(query)
    bench.keep(at: 104)
    #expect(try bench.rowsWithBodies() == rows)
    bench.keep(at: 105)
    #expect(try bench.rowsWithBodies() == [rows[1]])
    #expect(try bench.rows("event") == rows)
    #expect(try bench.connection.texts(query) == before)
  }

  @Test func whatGoesSomewhereKeepsItsBodyHoweverItEnded() throws {
    bench.configure(retention: 10_000, unroutedRetention: 100)
    let rows = try bench.add(at: 0, [.pending], [.dead(1)], [.discarded(1)], [.delivered(1)])
    bench.keep(at: 5_000)
    #expect(try bench.rowsWithBodies() == rows)
  }

  @Test func unlimitedIsAsLongAsTheEvent() throws {
    bench.configure(retention: 1_000)
    try bench.add(at: 0, [])
    try bench.add(at: 0, [])
    bench.keep(at: 900)
    #expect(try bench.rowsWithBodies() == [1, 2])
    bench.keep(at: 1_100)
    #expect(try bench.rows("event") == [2])
  }

  @Test func theWalkGoesOnWhereItWasAfterARestart() throws {
    bench.configure(retention: 10_000, unroutedRetention: 100)
    for second in 0..<10 { try bench.add(at: second * 50, []) }
    bench.keep(at: 300)
    #expect(try bench.rowsWithBodies() == [6, 7, 8, 9, 10])
    #expect(try bench.connection.integer("SELECT event FROM unrouted_walk") == 5)
    try bench.reopen()
    bench.keep(at: 400)
    #expect(try bench.rowsWithBodies() == [8, 9, 10])
  }

  /// What the clock had left before the store had a time of its own. It tells nothing of what stands behind it.
  @Test func aTimeThatIsYetToComeIsPassedAndItsBodyStays() throws {
    bench.configure(retention: 10_000, unroutedRetention: 100)
    for second in [500, 10, 190] { try bench.add(at: second, []) }
    bench.keep(at: 200)
    #expect(try bench.rowsWithBodies() == [1, 3])
  }

  @Test func theSpaceBecomesFree() throws {
    bench.configure(retention: 100_000, unroutedRetention: 100)
    try bench.execute("BEGIN")
    for _ in 0..<1_000 { try bench.add(at: 0, [], [], [], [.delivered(0)], body: 700) }
    try bench.execute("COMMIT")
    let live = {
      try self.bench.connection.integer("PRAGMA page_count")! - self.bench.connection.integer(
        "PRAGMA freelist_count")!
    }
    let before = try live()
    bench.keep(at: 200)
    #expect(try bench.rowsWithBodies().count == 1_000)
    #expect(try Double(live()) < 0.6 * Double(before))
  }

  @Test func forRoomBodiesOfWhatWentNowhereGoFirst() throws {
    bench.configure(retention: 100_000, maxBytes: 10 << 20, unroutedRetention: 50_000)
    try bench.execute("BEGIN")
    for _ in 0..<2_000 { try bench.add(at: 0, [.delivered(0)], body: 1_000) }
    for _ in 0..<6_600 { try bench.add(at: 1, [], body: 1_000) }
    try bench.execute("COMMIT")
    bench.clock.set(.second(2))
    try bench.keeper.measure(.second(2))
    #expect(bench.keeper.liveBytes > 10 << 20 * 92 / 100)
    while bench.keeper.step() {}
    #expect(try bench.count("event") == 8_600)
    #expect(bench.keeper.liveBytes <= (10 << 20) / 100 * 90)
    #expect(try bench.rowsWithBodies().prefix(2_000) == Array(1...2_000)[...])
  }
}

import RelayCore
import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct SlotTests {
  @Test func twoNodesHaveTwoSlotsAndTheLowestFreeOneIsTaken() throws {
    let bench = try NodeBench()
    let (first, second, third) = (try bench.node("a"), try bench.node("b"), try bench.node("c"))
    #expect([first, second, third].map(\.slot.slot) == [0, 1, 2])
    second.close()
    try bench.waitUntilFree(1, key: first.key)
    let fourth = try bench.node("d")
    #expect(fourth.slot == SlotHolding(slot: 1, session: 2))
    let names = try bench.rows("SELECT name, version, configuration FROM node ORDER BY slot")
    #expect(names.map { $0.text(0) } == ["a", "d", "c"])
    #expect(names[1].text(1) == "1.2.3" && names[1].text(2) == "cafe")
  }

  @Test func theSlotOfANodeThatLivesOnItsSecondConnectionAloneIsNotTaken() throws {
    let bench = try NodeBench()
    let (first, recorder) = (try bench.node("a"), NodeRecorder())
    let keeper = try bench.keeper(of: first, recorder)
    defer { keeper.end() }
    #expect(recorder.wait(for: .leaseHeld))
    first.close()
    try bench.waitUntilFree(0, key: first.key)
    let second = try bench.node("b")
    #expect(second.slot.slot == 1)
    let regained = try first.reopen()
    #expect(regained == .same(lost: []) && first.slot == SlotHolding(slot: 0, session: 1))
  }

  @Test func theSlotOfAKilledNodeIsFreeAtOnce() throws {
    let bench = try NodeBench()
    let first = try bench.node("a")
    let child = try NodeChild(bench, key: first.key)
    #expect(child.slot == 1)
    child.send(signal: .kill)
    // No lease is waited for: the server sees its connection end.
    try bench.waitUntilFree(1, key: first.key)
    #expect(try bench.node("b").slot == SlotHolding(slot: 1, session: 2))
  }

  /// Where something between has cut it off, it may start attempts until it finds that out.
  @Test func theSlotOfANodeThatWasSeenJustNowIsHadOnceThatIsLongAgo() throws {
    let bench = try NodeBench()
    let first = try bench.node("a")
    let key = first.key
    try bench.execute("UPDATE node SET seen = clock_timestamp()")
    first.close()
    try bench.waitUntilFree(0, key: key)
    let seen = try bench.seen(0)
    let second = try WriterSession(bench.opener(), as: .named("b"), gone: .milliseconds(300))
    #expect(second.slot == SlotHolding(slot: 0, session: 2))
    let now = try bench.rows("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8")[0].time(0)
    #expect(seen.duration(to: now) >= .milliseconds(300))
  }

  @Test func whoEndsInOrderKeepsNobodyWaiting() throws {
    let bench = try NodeBench()
    func taken(_ name: String) throws -> TakenSlot? {
      let opened = try bench.opener().open(.writer)
      defer { opened.close() }
      let table = SlotTable(connection: opened, key: key, limit: NodeBench.limit)
      let taken = try table.take(as: .named(name))
      if let taken { try table.leave(taken.holding) }
      return taken
    }
    let first = try bench.node("a")
    let key = first.key
    try first.standDown()
    let second = try taken("b")
    #expect(second?.holding.slot == 0)
    #expect(try #require(second?.age) > .seconds(3_600), "it has left something, and starts nothing")
    let third = try taken("c")
    #expect(third?.holding.slot == 0 && third?.age == nil, "it has left nothing")
    first.close()
  }

  @Test func aSlotsTicksNeverGoBack() throws {
    let bench = try NodeBench()
    let first = try bench.node("a")
    #expect(first.lastTick == 0)
    let table = SlotTable(connection: try bench.connection(), key: first.key, limit: NodeBench.limit)
    for (tick, kept) in [(7_000, 7_000), (5_000, 7_000), (9_000, 9_000)] as [(Int64, Int64)] {
      _ = try table.beat(first.slot, lastTick: tick)
      #expect(try bench.rows("SELECT last_tick FROM node")[0].integer(0) == kept)
    }
    first.close()
    try bench.waitUntilFree(0, key: first.key)
    #expect(try bench.node("b").lastTick == 9_000)
  }

  @Test func aLostConnectionIsFollowedByTheSameSlotThoughItsOldSessionIsStillThere() throws {
    let bench = try NodeBench()
    let node = try bench.node("a")
    // Its client is away, and the server does not know yet: another process has the session.
    let child = try NodeChild(bench, key: node.key)
    let before = try bench.rows("SELECT backend FROM node WHERE slot = 1")[0].int32(0)
    let lost = SlotHolding(slot: child.slot, session: 1)
    node.holding.withLock { $0 = lost }
    let regained = try node.reopen()
    #expect(regained == .same(lost: []))
    #expect(node.slot == lost)
    #expect(try bench.rows("SELECT backend FROM node WHERE slot = 1")[0].int32(0) != before)
    #expect(child.ask("SELECT 1")?.contains("57P01") == true)
  }

  /// Each of its calls may take a minute; all together have less.
  @Test func callsThatHaveOneDeadlineTogetherTakeNoLonger() throws {
    let bench = try NodeBench()
    let node = try bench.node("a")
    try bench.execute("BEGIN; LOCK TABLE node IN ACCESS EXCLUSIVE MODE")
    defer { try? bench.execute("COMMIT") }
    let deadline = Deadline(after: .milliseconds(300))
    let table = SlotTable(
      connection: node.connection, key: node.key, limit: .seconds(3_600), deadline: deadline)
    #expect(try table.tryLock(.watch, of: 0))
    let failure = #expect(throws: PostgresError.self) { try table.beat(node.slot, lastTick: 0) }
    #expect(failure?.kind == .timedOut && deadline.isOver)
    var opener = try bench.opener()
    opener.limit = .seconds(3_600)
    opener.deadline = deadline
    let late = #expect(throws: NodeError.self) { try opener.open(.watch) }
    guard case .failed(let error) = late else {
      Issue.record("\(String(describing: late))")
      return
    }
    #expect(error.kind == .timedOut)
  }

  /// What is written on it would be nobody's.
  @Test func aConnectionOnWhichTheSlotCouldNotBeTakenAgainIsClosed() throws {
    let bench = try NodeBench()
    let node = try bench.node("a")
    try bench.execute("ALTER TABLE node ADD CONSTRAINT once CHECK (backend = \(node.connection.backendID))")
    let failure = #expect(throws: NodeError.self) { try node.reopen() }
    #expect(failure?.description.contains("23514") == true)
    #expect(!node.connection.isOpen)
    try bench.execute("ALTER TABLE node DROP CONSTRAINT once")
    let regained = try node.reopen()
    #expect(regained == .same(lost: []))
  }

  @Test func aNodeThatGoesOnNeverChangesTheSchema() throws {
    let bench = try NodeBench()
    let node = try bench.node("a")
    try bench.execute("UPDATE store SET version = 0")
    let refusal = #expect(throws: NodeError.self) { try node.reopen() }
    #expect(refusal?.description.contains("another store than before") == true)
    #expect(try bench.rows("SELECT version FROM store")[0].int32(0) == 0)
  }

  @Test func aNodeWhoseSlotAnotherOneHasTakenBeginsAnewWithAnotherSlot() throws {
    let bench = try NodeBench()
    let first = try bench.node("a")
    first.close()
    try bench.waitUntilFree(0, key: first.key)
    let second = try bench.node("b")
    #expect(second.slot == SlotHolding(slot: 0, session: 2))
    let regained = try first.reopen()
    #expect(regained == .another)
    #expect(first.slot == SlotHolding(slot: 1, session: 1))
    // The other one was left alone.
    try second.connection.execute("SELECT 1", within: NodeBench.limit)
  }

  @Test func whoTookASlotThatWasLeftMeanwhileIsToldApartTooThoughTheLockIsFree() throws {
    let bench = try NodeBench()
    let first = try bench.node("a")
    first.close()
    try bench.waitUntilFree(0, key: first.key)
    let second = try bench.node("b")
    second.close()
    try bench.waitUntilFree(0, key: first.key)
    let regained = try first.reopen()
    #expect(regained == .another)
    #expect(first.slot == SlotHolding(slot: 0, session: 3))
  }
}

import RelayCore
import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct FenceTests {
  /// The state of a connection's next statement; nil: it went well.
  private func state(of connection: PostgresConnection) -> String? {
    do {
      try connection.execute("SELECT 1", within: NodeBench.limit)
      return nil
    } catch {
      return error.state ?? "\(error)"
    }
  }

  @Test func aNodeWhoseLeaseIsOverIsEndedAndItsNextStatementFails() throws {
    let bench = try NodeBench()
    let (stopped, other) = (try bench.node("a"), try bench.node("b"))
    let table = SlotTable(connection: other.connection, key: other.key, limit: NodeBench.limit)
    let over = try bench.over(stopped.slot)
    // It has sent another heartbeat since it was judged: nothing happens.
    try bench.execute("UPDATE node SET seen = seen + interval '1 microsecond' WHERE slot = 0")
    #expect(try table.endOver(stopped.slot, seen: over.seen) == 0)
    // Its session is there.
    #expect(try other.takeOver(bench.over(stopped.slot)) == nil)
    #expect(state(of: stopped.connection) == nil)
    #expect(try table.endOver(stopped.slot, seen: bench.seen(0)) == 1)
    try bench.waitUntilFree(0, key: other.key)
    #expect(state(of: stopped.connection) == "57P01")
    let taken = try other.takeOver(bench.over(stopped.slot))
    #expect(taken?.holding == SlotHolding(slot: 0, session: 2))
    // It comes back, and finds that it has been taken over.
    let regained = try stopped.reopen()
    #expect(regained == .another)
    #expect(stopped.slot == SlotHolding(slot: 2, session: 1))
    // Once all is cleared up, the slot is free for anybody.
    try other.giveBack(SlotHolding(slot: 0, session: 2))
    let free = try bench.rows("SELECT slot FROM node WHERE backend IS NULL")
    #expect(free.map { $0.integer(0) } == [0])
    #expect(try bench.node("c").slot == SlotHolding(slot: 0, session: 3))
  }

  @Test func aSlotIsTakenOverByOneNodeAlone() throws {
    let bench = try NodeBench()
    let (over, first, second) = (try bench.node("a"), try bench.node("b"), try bench.node("c"))
    let judged = try bench.over(over.slot)
    over.close()
    try bench.waitUntilFree(0, key: first.key)
    #expect(try first.takeOver(judged) != nil)
    #expect(try second.takeOver(judged) == nil)
    try first.giveBack(SlotHolding(slot: 0, session: 2))
    // The lock is free again, and what it was about is done.
    #expect(try second.takeOver(judged) == nil)
    #expect(try bench.holders(of: 0) == 0)
  }

  /// Who judged it has seen both of its connections gone.
  @Test func aNodeThatHasComeBackIsNotTakenOver() throws {
    let bench = try NodeBench()
    let (blinking, other) = (try bench.node("a"), try bench.node("b"))
    let judged = try bench.over(blinking.slot)
    blinking.close()
    try bench.waitUntilFree(0, key: other.key)
    // Its second connection is back.
    let watch = SlotTable(connection: try bench.connection(), key: other.key, limit: NodeBench.limit)
    let watched = try watch.tryWatch(blinking.slot)
    #expect(watched == true)
    #expect(try other.takeOver(judged) == nil)
    // It has sent a heartbeat, and lost it once more.
    try watch.unlock(.watch, of: 0)
    try bench.execute("UPDATE node SET seen = seen + interval '1 second' WHERE slot = 0")
    #expect(try other.takeOver(judged) == nil)
    #expect(try bench.holders(of: 0) == 0)
    #expect(try other.takeOver(bench.over(blinking.slot)) != nil)
  }

  @Test func aTakeOverThatFailsLeavesNoLock() throws {
    let bench = try NodeBench()
    let (over, other) = (try bench.node("a"), try bench.node("b"))
    let judged = try bench.over(over.slot)
    over.close()
    try bench.waitUntilFree(0, key: other.key)
    try bench.execute("ALTER TABLE node ADD CONSTRAINT nobody CHECK (taker IS NULL)")
    for _ in 1...2 {
      let failure = #expect(throws: PostgresError.self) { try other.takeOver(judged) }
      #expect(failure?.state == "23514")
      #expect(try bench.holders(of: 0) == 0)
    }
    try bench.execute("ALTER TABLE node DROP CONSTRAINT nobody")
    #expect(try other.takeOver(judged) != nil)
    try other.giveBack(SlotHolding(slot: 0, session: 2))
    #expect(try bench.holders(of: 0) == 0)
  }

  @Test func whatWasBeingClearedUpIsClearedUpAfterALostConnectionOrIsKnownToBeAnothers() throws {
    let bench = try NodeBench()
    let (first, second) = (try bench.node("a"), try bench.node("b"))
    let (taker, other) = (try bench.node("c"), try bench.node("d"))
    for node in [first, second] {
      let judged = try bench.over(node.slot)
      node.close()
      try bench.waitUntilFree(node.slot.slot, key: taker.key)
      #expect(try taker.takeOver(judged) != nil)
    }
    let (kept, lost) = (SlotHolding(slot: 0, session: 2), SlotHolding(slot: 1, session: 2))
    taker.connection.close()
    try bench.waitUntilFree(1, key: taker.key)
    #expect(try other.takeOver(bench.over(lost)) != nil)
    let regained = try taker.reopen()
    #expect(regained == .same(lost: [lost]))
    #expect(try bench.holders(of: 0) == 1)
    #expect(try other.takeOver(bench.over(kept)) == nil)
    try taker.giveBack(kept)
    #expect(try bench.holders(of: 0) == 0)
    // What is another's is left as it is.
    try taker.giveBack(lost)
    #expect(try bench.rows("SELECT taker FROM node WHERE slot = 1")[0].integer(0) == 3)
    let again = try taker.reopen()
    #expect(again == .same(lost: []))
  }

  @Test func aNodeThatIsTakingOverIsNotEndedForTheSlotThatItTook() throws {
    let bench = try NodeBench()
    let (over, taker, other) = (try bench.node("a"), try bench.node("b"), try bench.node("c"))
    let judged = try bench.over(over.slot)
    over.close()
    try bench.waitUntilFree(0, key: taker.key)
    let taken = try #require(try taker.takeOver(judged))
    let table = SlotTable(connection: other.connection, key: other.key, limit: NodeBench.limit)
    #expect(try table.endOver(taken.holding, seen: bench.seen(0)) == 0)
    #expect(state(of: taker.connection) == nil)
  }

  @Test func aNodeNeverEndsASessionOfAnotherDatabase() throws {
    let original = try NodeBench()
    try original.node("maker").close()
    // As a copy of production would be: the same id, so the same keys.
    let copy = try NodeBench(original.database.server.database(like: original.database.name))
    let (victim, bystander) = (try original.node("a"), try copy.node("a"))
    #expect(victim.key == bystander.key)
    #expect(victim.slot == bystander.slot)
    let other = try original.node("b")
    // The row names the bystander's session, too: the database alone tells them apart.
    let backend = try copy.rows("SELECT backend FROM node")[0].int32(0)
    let table = SlotTable(connection: other.connection, key: other.key, limit: NodeBench.limit)
    try original.execute("UPDATE node SET watcher = \(backend) WHERE slot = 0")
    try copy.execute("SELECT pg_advisory_lock(\(victim.key.value), \(SlotLock.watch.key(of: 0)))")
    #expect(try table.endOver(victim.slot, seen: original.seen(0)) == 1)
    try original.execute("UPDATE node SET backend = \(backend) WHERE slot = 0")
    #expect(try table.endOver(victim.slot, seen: original.seen(0)) == 0)
    try table.endOwn(.writer, of: victim.slot)
    #expect(state(of: bystander.connection) == nil)
    try original.waitUntilFree(0, key: other.key)
    #expect(state(of: victim.connection) == "57P01")
  }

  @Test func aNodeNeverEndsASessionOfAnotherStore() throws {
    let bench = try NodeBench()
    let (over, other) = (try bench.node("a"), try bench.node("b"))
    let holding = over.slot
    over.close()
    try bench.waitUntilFree(0, key: other.key)
    // Another store's node holds its slot of the same number, and the row names its session.
    let foreign = try PostgresConnection(
      bench.database.address, applicationName: "foreign", within: NodeBench.limit)
    defer { foreign.close() }
    try foreign.execute("SELECT pg_advisory_lock(\(other.key.value ^ 1), 0)", within: NodeBench.limit)
    try bench.execute("UPDATE node SET backend = \(foreign.backendID) WHERE slot = 0")
    let table = SlotTable(connection: other.connection, key: other.key, limit: NodeBench.limit)
    #expect(try table.endOver(holding, seen: bench.seen(0)) == 0)
    try table.endOwn(.writer, of: holding)
    #expect(state(of: foreign) == nil)
    // The same with this store's key would have ended it.
    try foreign.execute("SELECT pg_advisory_lock(\(other.key.value), 0)", within: NodeBench.limit)
    #expect(try table.endOver(holding, seen: bench.seen(0)) == 1)
  }

  @Test func whoHasTakenTheSlotAtThisMomentIsNotEnded() throws {
    let bench = try NodeBench()
    let (over, other) = (try bench.node("a"), try bench.node("b"))
    let holding = over.slot
    over.close()
    try bench.waitUntilFree(0, key: other.key)
    // A new node has the lock, and its row is not written yet.
    try bench.execute("SELECT pg_advisory_lock(\(other.key.value), 0)")
    let table = SlotTable(connection: other.connection, key: other.key, limit: NodeBench.limit)
    #expect(try table.endOver(holding, seen: bench.seen(0)) == 0)
    #expect(try bench.rows("SELECT true")[0].bool(0))
  }
}

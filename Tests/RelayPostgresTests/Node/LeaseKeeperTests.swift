import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct LeaseKeeperTests {
  private func slots(_ event: NodeEvent) -> [Int]? {
    if case .nodesChanged(let nodes) = event { nodes.slots } else { nil }
  }

  /// Whether this node is over, and nothing of it is left at the server.
  private func isOver(_ event: NodeEvent, _ holding: SlotHolding, beside other: SlotHolding) -> Bool? {
    guard case .nodesChanged(let nodes) = event else { return nil }
    return nodes.over.contains { $0.holding == holding && !$0.hasSessions }
      && nodes.over.contains { $0.holding == other && $0.hasSessions } ? true : nil
  }

  private func isOver(_ event: NodeEvent, _ holding: SlotHolding) -> Bool? {
    guard case .nodesChanged(let nodes) = event else { return nil }
    return nodes.over.map(\.holding) == [holding] && !nodes.over[0].hasSessions ? true : nil
  }

  @Test func nodesFindEachOtherAndSeeEachOtherGo() throws {
    let bench = try NodeBench()
    let (first, second) = (try bench.node("a"), try bench.node("b"))
    let (one, two) = (NodeRecorder(), NodeRecorder())
    let keeper = try bench.keeper(of: first, one, times: NodeBench.short)
    defer { keeper.end() }
    let other = try bench.keeper(of: second, two)
    #expect(one.wait { slots($0) == [0, 1] ? true : nil } == true)
    #expect(two.wait(for: .leaseHeld))
    #expect(two.wait { slots($0) == [0, 1] ? true : nil } == true)
    #expect(other.nodes.nodes.map(\.identity.name) == ["a", "b"])
    #expect(other.mayStart())
    second.close()
    other.end()
    // Both of its connections are gone, and do not come back.
    #expect(one.wait { isOver($0, SlotHolding(slot: 1, session: 1)) } == true)
  }

  @Test func aStoppedNodeIsEndedAfterItsLeaseAndFindsThatWhenItGoesOn() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    let child = try NodeChild(bench, key: node.key)
    child.send(signal: .stop)
    let keeper = try bench.keeper(of: node, recorder, times: NodeBench.short)
    defer { keeper.end() }
    let stopped = SlotHolding(slot: 1, session: 1)
    #expect(recorder.wait(for: .sessionsEnded(stopped, count: 1)))
    #expect(recorder.wait { isOver($0, stopped) } == true)
    let taken = try node.takeOver(bench.over(stopped))
    #expect(taken?.holding == SlotHolding(slot: 1, session: 2))
    child.send(signal: .continue)
    #expect(child.ask("INSERT INTO node SELECT * FROM node")?.contains("57P01") == true)
  }

  @Test func whoEndsLeavesNothingToTakeOver() throws {
    let bench = try NodeBench()
    let (first, second) = (try bench.node("a"), try bench.node("b"))
    let (one, two) = (NodeRecorder(), NodeRecorder())
    let keeper = try bench.keeper(of: first, one)
    defer { keeper.end() }
    let other = try bench.keeper(of: second, two)
    #expect(two.wait(for: .leaseHeld))
    #expect(one.wait { slots($0) == [0, 1] ? true : nil } == true)
    one.forget()
    other.end()
    try second.leave()
    second.close()
    #expect(one.wait { slots($0) == [0] ? true : nil } == true)
    #expect(keeper.nodes.over == [])
  }

  @Test func aLostSecondConnectionIsMadeAnewAndTheLeaseGoesOn() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    let keeper = try bench.keeper(of: node, recorder)
    defer { keeper.end() }
    #expect(recorder.wait(for: .leaseHeld))
    let watcher = try bench.rows("SELECT watcher FROM node")[0].int32(0)
    try bench.execute("SELECT pg_terminate_backend(\(watcher))")
    #expect(recorder.wait(for: .reachable))
    let reason = recorder.wait { if case .unreachable(let reason) = $0 { reason } else { nil } }
    #expect(reason?.contains("57P01") == true)
    let now = try bench.rows("SELECT watcher, pg_backend_pid() FROM node")[0]
    #expect(now.int32(0) != watcher)
    // The new one has the lock that shows that the node is there.
    recorder.forget()
    #expect(recorder.wait(for: .timeToLook))
    #expect(keeper.nodes.nodes.map(\.hasWatch) == [true])
  }

  @Test func whatIsLeftOfAnEarlierSecondConnectionIsEnded() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    // Its client is away, and the server does not know yet.
    let left = try PostgresConnection(
      bench.database.address, applicationName: "left", within: NodeBench.limit)
    defer { left.close() }
    let key = SlotLock.watch.key(of: 0)
    try left.execute("SELECT pg_advisory_lock(\(node.key.value), \(key))", within: NodeBench.limit)
    try bench.execute("UPDATE node SET watcher = \(left.backendID)")
    let keeper = try bench.keeper(of: node, recorder)
    defer { keeper.end() }
    let error = #expect(throws: PostgresError.self) {
      // The server's last word; the end of the connection may follow it.
      try left.wait(for: NodeBench.limit)
      try left.execute("SELECT 1", within: NodeBench.limit)
    }
    #expect(error?.description.contains("57P01") == true)
  }

  /// The rights were taken away after the start.
  @Test func oneNodeThatCanNotBeEndedKeepsNobodyFromEndingTheOthers() throws {
    let bench = try NodeBench()
    let name = bench.database.name
    let (owner, own, foreign) = ("owner_\(name)", "own_\(name)", "foreign_\(name)")
    try bench.execute(
      """
      CREATE ROLE \(owner) LOGIN; GRANT CREATE ON DATABASE \(name) TO \(owner);
      CREATE ROLE \(own) LOGIN IN ROLE \(owner), pg_signal_backend;
      CREATE ROLE \(foreign) LOGIN IN ROLE \(owner), pg_signal_backend
      """)
    try bench.node(user: owner).leave()
    let node = try bench.node("a", user: own)
    // Neither sends heartbeats.
    let (refused, stopped) = (try bench.node("b", user: foreign), try bench.node("c", user: own))
    try bench.execute("REVOKE pg_signal_backend FROM \(own)")
    let recorder = NodeRecorder()
    let keeper = try bench.keeper(of: node, recorder, times: NodeBench.short, user: own)
    defer { keeper.end() }
    let reason = recorder.wait {
      if case .notEnded(refused.slot, let reason) = $0 { reason } else { nil }
    }
    #expect(reason?.contains("42501") == true)
    #expect(recorder.wait(for: .sessionsEnded(stopped.slot, count: 1)))
    #expect(recorder.wait { isOver($0, stopped.slot, beside: refused.slot) } == true)
    #expect(!recorder.all.contains { if case .unreachable = $0 { true } else { false } })
  }

  /// It comes back with both of its connections, and the slot has another node by then.
  @Test func whoHasLostItsSlotDoesNotTakeTheNewNodesSecondLock() throws {
    let bench = try NodeBench()
    let lost = try bench.node("a")
    try bench.execute("UPDATE node SET session = session + 1")
    let recorder = NodeRecorder()
    let keeper = try bench.keeper(of: lost, recorder)
    defer { keeper.end() }
    #expect(recorder.wait(for: .slotLost(SlotHolding(slot: 0, session: 1))))
    recorder.forget()
    #expect(recorder.wait(for: .timeToLook))
    #expect(try bench.holders(of: Int(SlotLock.watch.key(of: 0))) == 0)
  }

  @Test func whoLosesItsSlotGivesTheSecondLockUp() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    let keeper = try bench.keeper(of: node, recorder)
    defer { keeper.end() }
    #expect(recorder.wait(for: .leaseHeld))
    try bench.execute("UPDATE node SET session = session + 1")
    #expect(recorder.wait(for: .slotLost(SlotHolding(slot: 0, session: 1))))
    recorder.forget()
    #expect(recorder.wait(for: .timeToLook))
    #expect(try bench.holders(of: Int(SlotLock.watch.key(of: 0))) == 0)
  }

  @Test func aNodeWhoseSlotWasTakenLosesItsLeaseAtOnce() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    let keeper = try bench.keeper(of: node, recorder)
    defer { keeper.end() }
    #expect(recorder.wait(for: .leaseHeld))
    try bench.execute("UPDATE node SET session = session + 1")
    #expect(recorder.wait(for: .slotLost(SlotHolding(slot: 0, session: 1))))
    #expect(recorder.wait(for: .leaseLost))
    #expect(!keeper.mayStart())
    // With another slot it goes on.
    recorder.forget()
    let regained = try node.reopen()
    #expect(regained == .another)
    #expect(recorder.wait(for: .leaseHeld))
    #expect(recorder.wait { slots($0)?.contains(node.slot.slot) == true ? true : nil } == true)
  }

  @Test func aMessageIsHeardByTheOthersAndNotByItsSender() throws {
    let bench = try NodeBench()
    let (first, second) = (try bench.node("a"), try bench.node("b"))
    let (one, two) = (NodeRecorder(), NodeRecorder())
    let (sender, listener) = (try bench.keeper(of: first, one), try bench.keeper(of: second, two))
    defer {
      sender.end()
      listener.end()
    }
    #expect(one.wait(for: .leaseHeld) && two.wait(for: .leaseHeld))
    for id in 1...1_000 { sender.stored(upTo: Int64(id)) }
    let last = NodeMessage(slot: 0, id: 1_000)
    #expect(
      two.wait { if case .heard(let messages) = $0, messages.last == last { true } else { nil } } == true)
    listener.stored(upTo: 5)
    #expect(one.wait(for: .heard([NodeMessage(slot: 1, id: 5)])))
    let own = one.all.contains {
      if case .heard(let messages) = $0 { messages.contains { $0.slot == 0 } } else { false }
    }
    #expect(!own)
  }

  @Test func whatNobodyHasHeardIsLookedForAnyway() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    let keeper = try bench.keeper(of: node, recorder)
    defer { keeper.end() }
    for _ in 0..<3 {
      #expect(recorder.wait(for: .timeToLook))
      recorder.forget()
    }
  }

  @Test func theServersClockIsKnown() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    let keeper = try bench.keeper(of: node, recorder)
    defer { keeper.end() }
    #expect(recorder.wait(for: .timeToLook))
    // The same machine's.
    let offset = try #require(keeper.serverClock)
    #expect(offset.ahead <= offset.uncertainty && offset.ahead >= .zero - offset.uncertainty)
  }

  @Test func aWallClockThatIsOffIsTold() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    let keeper = LeaseKeeper(
      try bench.opener(), key: node.key, holding: node.holding, times: NodeBench.calm,
      clock: ManualClock(.second(0)), lastTick: { 0 }, observer: recorder)
    defer { keeper.end() }
    let ahead = recorder.wait { if case .clockOff(let ahead) = $0 { ahead } else { nil } }
    #expect(try #require(ahead) < .seconds(-60))
  }

  @Test func theTicksThatWereGivenAreKept() throws {
    let bench = try NodeBench()
    let (node, recorder) = (try bench.node("a"), NodeRecorder())
    let keeper = LeaseKeeper(
      try bench.opener(), key: node.key, holding: node.holding, times: NodeBench.calm, clock: RunningClock(),
      lastTick: { 123_456 }, observer: recorder)
    #expect(recorder.wait(for: .leaseHeld))
    keeper.end()
    #expect(try bench.rows("SELECT last_tick FROM node")[0].integer(0) == 123_456)
  }
}

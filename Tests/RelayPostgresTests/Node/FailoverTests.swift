import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// With servers of their own, which are ended and started.
@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct FailoverTests {
  @Test(arguments: [PostgresServer.Stop.fast, .kill])
  func afterARestartOfTheServerEachNodeHasItsSlotAgain(how: PostgresServer.Stop) throws {
    let server = try PostgresServer(settings: PostgresServer.unsynced)
    let bench = NodeBench(try server.database())
    let (first, second) = (try bench.node("a"), try bench.node("b"))
    let (one, two) = (NodeRecorder(), NodeRecorder())
    let (keeper, other) = (
      try bench.keeper(of: first, one, times: NodeBench.short),
      try bench.keeper(of: second, two, times: NodeBench.short)
    )
    defer {
      keeper.end()
      other.end()
    }
    #expect(one.wait(for: .leaseHeld) && two.wait(for: .leaseHeld))
    try server.stop(how)
    #expect(one.wait { if case .unreachable = $0 { true } else { nil } } == true)
    #expect(one.wait(for: .leaseLost) && two.wait(for: .leaseLost))
    one.forget()
    two.forget()
    try server.start()
    // The second one is quicker, and the slot of the first is the lowest.
    let regained = [try second.reopen(), try first.reopen()]
    #expect(regained == [.same(lost: []), .same(lost: [])])
    #expect([first, second].map(\.slot.slot) == [0, 1])
    #expect(one.wait(for: .leaseHeld) && two.wait(for: .leaseHeld))
  }

  /// Both lose both of their connections for a while that is shorter than a lease, and the first one is back before the second.
  @Test func aRestartOfTheServerThatIsShorterThanALeaseLeavesNobodyOver() throws {
    let server = try PostgresServer(settings: PostgresServer.unsynced)
    let bench = NodeBench(try server.database())
    let (first, second) = (try bench.node("a"), try bench.node("b"))
    let (one, two) = (NodeRecorder(), NodeRecorder())
    // Each has a clock of its own, which is moved by hand.
    let (clock, other) = (ManualClock(), ManualClock())
    let keepers = [
      try bench.keeper(of: first, one, times: .standard, clock: clock),
      try bench.keeper(of: second, two, times: .standard, clock: other),
    ]
    defer { for keeper in keepers { keeper.end() } }
    #expect(one.wait(for: .mayStart) && two.wait(for: .mayStart))
    for _ in 1...12 {
      one.forget()
      two.forget()
      for clock in [clock, other] { clock.advance(by: .milliseconds(500)) }
      #expect(one.wait(for: .timeToLook) && two.wait(for: .timeToLook))
    }
    try server.stop()
    #expect(one.wait { if case .unreachable = $0 { true } else { nil } } == true)
    #expect(two.wait { if case .unreachable = $0 { true } else { nil } } == true)
    #expect(!keepers[0].mayStart() && !keepers[1].mayStart())
    one.forget()
    two.forget()
    try server.start()
    clock.advance(by: .milliseconds(900))
    #expect(one.wait(for: .timeToLook))
    // The second one has no session, and was not seen for longer than a node that is gone.
    #expect(keepers[0].nodes.slots == [0, 1] && keepers[0].nodes.over == [])
    #expect(keepers[0].mayStart() && !keepers[1].mayStart())
    other.advance(by: .milliseconds(900))
    #expect(two.wait(for: .mayStart))
    #expect(keepers[1].nodes.slots == [0, 1] && keepers[1].nodes.over == [])
    let regained = [try first.reopen(), try second.reopen()]
    #expect(regained == [.same(lost: []), .same(lost: [])])
  }

  /// Its row is on the standby, too; its last commits may not be.
  @Test func whoFindsThatAStandbyHasBecomeThePrimaryBeginsAnew() throws {
    let primary = try PostgresServer(settings: ["wal_level": "replica", "max_wal_senders": "4"])
    let bench = NodeBench(try primary.database())
    // The tables, which the standby has from its first moment on, and the slot of a node that lives on.
    try bench.node("maker").leave()
    let standby = try Standby(of: primary)
    let both = try ServerAddress(
      url: "postgres://postgres@/\(bench.database.name)?host=\(primary.folder),\(standby.server.folder)")
    let node = try bench.node("a", address: both)
    try standby.waitUntilItHasAll(of: primary)
    // A connection that is lost for another reason.
    let again = try node.reopen()
    #expect(again == .same(lost: []))
    try standby.waitUntilItHasAll(of: primary)
    try primary.stop()
    try standby.promote()
    let regained = try node.reopen()
    #expect(regained == .another)
    let after = try node.reopen()
    #expect(after == .same(lost: []))
  }

  @Test func aStandbyIsRefused() throws {
    let primary = try PostgresServer(settings: ["wal_level": "replica", "max_wal_senders": "4"])
    let bench = NodeBench(try primary.database())
    try bench.node().close()
    let standby = try Standby(of: primary)
    let url = standby.server.url(database: bench.database.name)
    // By libpq, which looks for a server that takes writes; and by ourselves where the address says that any will do.
    for (address, reason) in [
      (url, "a standby, or"), ("\(url)&target_session_attrs=any", "the server is a standby"),
    ] {
      let address = try ServerAddress(url: address)
      let refusal = #expect(throws: NodeError.self) { try bench.node(address: address) }
      guard case .refused(let error) = refusal else {
        Issue.record("\(String(describing: refusal))")
        continue
      }
      #expect(error.message.contains(reason))
    }
  }
}

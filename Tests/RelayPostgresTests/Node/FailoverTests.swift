import RelayCore
import RelayPostgresSupport
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
    #expect(regained == [.same, .same])
    #expect([first, second].map(\.slot.slot) == [0, 1])
    #expect(one.wait(for: .leaseHeld) && two.wait(for: .leaseHeld))
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

import RelayCore
import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite(
  .needsPostgres,
  .enabled(
    if: Pooler.isThere, "there is no pgbouncer on the PATH or in /usr/sbin: `apt-get install pgbouncer`"),
  .timeLimit(.minutes(15)))
struct PoolerTests {
  @Test(arguments: ["transaction", "statement"])
  func aPoolerThatGivesEachTransactionAnotherSessionIsRefused(mode: String) throws {
    let bench = try NodeBench()
    let pooler = try Pooler(before: bench.database.server, mode: mode)
    // Also once its sessions know this relay's statements.
    for _ in 1...3 {
      let refusal = #expect(throws: NodeError.self) {
        try bench.node(address: pooler.address(database: bench.database.name))
      }
      #expect(refusal?.description.contains("pool_mode = session") == true, "\(String(describing: refusal))")
    }
    // What its sessions have is for whoever gets them next.
    let next = try PostgresConnection(
      pooler.address(database: bench.database.name), applicationName: "next", within: NodeBench.limit)
    defer { next.close() }
    let path = Statement(name: "", sql: "SELECT current_setting('search_path')")
    #expect(try next.run(path, within: NodeBench.limit)[0].text(0) == "\"$user\", public")
    #expect(try bench.rows("SELECT to_regclass('\(Schema.name).store') IS NULL")[0].bool(0))
  }

  @Test func aPoolerInSessionModeDoes() throws {
    let bench = try NodeBench()
    let pooler = try Pooler(before: bench.database.server, mode: "session")
    let address = try pooler.address(database: bench.database.name)
    let (first, second) = (try bench.node("a", address: address), try bench.node("b"))
    #expect(first.slot.slot == 0 && second.slot.slot == 1)
    // The session that holds the slot is the one that the row names.
    let table = SlotTable(connection: second.connection, key: second.key, limit: NodeBench.limit)
    #expect(try table.endOver(first.slot, seen: bench.seen(0)) == 1)
    try bench.waitUntilFree(0, key: second.key)
    #expect(try second.takeOver(bench.over(first.slot)) != nil)
  }
}

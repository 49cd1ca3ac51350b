import RelayCore
import RelayPostgresSupport
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct MigrationTests {
  private func migrated(_ bench: NodeBench, _ migrations: [String] = Schema.migrations) throws -> StoreMark {
    let connection = try bench.opener().open(.writer)
    defer { connection.close() }
    return try Migration(
      connection, within: NodeBench.limit, changesWithin: NodeBench.limit, migrations: migrations
    ).run()
  }

  @Test func anEmptyDatabaseBecomesAStoreAndStaysTheSame() throws {
    let bench = try NodeBench()
    let first = try migrated(bench)
    #expect(first.version == Schema.version)
    #expect(try migrated(bench) == first)
    #expect(try migrated(NodeBench()).id != first.id)
  }

  @Test func nodesThatStartTogetherMakeOneStore() throws {
    let bench = try NodeBench()
    let opener = try bench.opener()
    let results = Locked<[Result<SlotHolding, NodeError>]>([])
    let keys = Locked<Set<Int32>>([])
    // All sessions stay until all are there.
    let gate = Gate(count: 6)
    let threads = (0..<6).map { number in
      WorkerThread(name: "node \(number)") {
        do throws(NodeError) {
          let node = try WriterSession(opener, as: .named("\(number)"))
          results.withLock { $0.append(.success(node.slot)) }
          keys.withLock { _ = $0.insert(node.key.value) }
          gate.arrive()
          node.close()
        } catch {
          results.withLock { $0.append(.failure(error)) }
          gate.arrive()
        }
      }
    }
    for thread in threads { thread.join() }
    let holdings = try results.withLock { $0 }.map { try $0.get() }
    #expect(Set(holdings.map(\.slot)) == Set(0..<6))
    #expect(keys.withLock { $0.count } == 1)
    #expect(try bench.rows("SELECT count(*) FROM store")[0].integer(0) == 1)
  }

  /// It was stopped, or its machine is gone, between two statements of a change: it holds what all others wait for.
  @Test func aNodeThatStandsStillInAChangeIsEndedAndTheOthersMakeIt() throws {
    let bench = try NodeBench()
    let stopped = try bench.opener().open(.writer)
    defer { stopped.close() }
    try Migration(stopped, within: NodeBench.limit, idleWithin: .milliseconds(200)).begin()
    #expect(try migrated(bench).version == Schema.version)
    let ended = #expect(throws: PostgresError.self) {
      try stopped.execute("SELECT 1", within: NodeBench.limit)
    }
    #expect(ended?.state == "25P03")
  }

  @Test func aNewerStoreIsRefusedAndLeftAsItIs() throws {
    let bench = try NodeBench()
    _ = try migrated(bench)
    try bench.execute("UPDATE store SET version = \(Schema.version + 1)")
    let refusal = #expect(throws: NodeError.self) { try migrated(bench) }
    guard case .refused(let error) = refusal else {
      Issue.record("\(String(describing: refusal))")
      return
    }
    #expect(error.code == .newerSchema)
    #expect(error.message.contains("schema \(Schema.version + 1), which a newer release has made"))
    #expect(try bench.rows("SELECT version FROM store")[0].int32(0) == Int32(Schema.version + 1))
  }

  @Test func anOlderStoreIsBroughtForwardAndKeepsItsID() throws {
    let bench = try NodeBench()
    let before = try migrated(bench)
    let after = try migrated(
      bench, Schema.migrations + ["CREATE TABLE one (a int4)", "ALTER TABLE one ADD COLUMN b int4"])
    #expect(after == StoreMark(id: before.id, version: Schema.version + 2))
    #expect(try bench.rows("SELECT a, b FROM one").count == 0)
  }

  @Test func aChangeThatFailsChangesNothing() throws {
    let bench = try NodeBench()
    let before = try migrated(bench)
    let changes = ["CREATE TABLE one (a int4)", "CREATE TABLE one (a int4)"]
    let failure = #expect(throws: NodeError.self) { try migrated(bench, Schema.migrations + changes) }
    #expect(failure?.description.contains("42P07") == true)
    #expect(try bench.rows("SELECT to_regclass('one') IS NULL")[0].bool(0))
    #expect(try migrated(bench) == before)
  }
}

/// Opens once so many have come.
private final class Gate: Sendable {
  private let missing: Monitor<Int>

  init(count: Int) {
    missing = Monitor(count)
  }

  /// Comes, and waits for the others.
  func arrive() {
    missing.update { $0 -= 1 }
    missing.wait { $0 == 0 ? .done(()) : .sleep(nil) }
  }
}

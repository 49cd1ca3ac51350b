import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite("Tables of twins", .needsPostgres, .timeLimit(.minutes(15)))
struct TwinTableTests {
  /// A time within a turn, in seconds, and which tables have its keys.
  @Test(
    arguments: [
      (0, [1, 1]), (59, [1, 1]), (60, [1, 0]), (119, [1, 0]), (120, [1, 1]), (179, [1, 1]), (180, [0, 1]),
      (239, [0, 1]),
    ] as [(Int, [Int64])])
  func keysGoToTheTableOfTheTurnAndAtItsBeginningToBoth(second: Int, rows: [Int64]) throws {
    let bench = try Bench()
    try bench.insert([bench.key(1), bench.key(2)], at: second)
    #expect(try bench.counts() == rows.map { $0 * 2 })
  }

  /// Two commits that began within a minute of each other.
  @Test(arguments: [(10, 60), (60, 119), (119, 120), (119, 178), (150, 200), (200, 255)])
  func theSameKeyIsRefusedForAMinute(first: Int, second: Int) throws {
    for (one, other) in [(first, second), (second, first)] {
      let bench = try Bench()
      try bench.insert([bench.key(1)], at: one)
      let error = #expect(throws: PostgresError.self) {
        try bench.insert([bench.key(2), bench.key(1)], at: other)
      }
      #expect(error?.state == "23505" && TableNames().twins.contains(error?.table ?? ""))
      // Nothing of it stays.
      try bench.insert([bench.key(2)], at: other)
    }
  }

  @Test func aTableIsEmptiedAtTheEndOfTheOthersTurn() throws {
    let bench = try Bench()
    try bench.insert([bench.key(1)], at: 70)
    for second in [70, 119, 120, 209] { #expect(try bench.empty(at: second) == .nothing) }
    try bench.insert([bench.key(2)], at: 200)
    #expect(try bench.empty(at: 210) == .done)
    #expect(try bench.counts() == [0, 1])
    #expect(try bench.empty(at: 211) == .nothing)
    #expect(try bench.empty(at: 330) == .done)
    #expect(try bench.counts() == [0, 0])
  }

  @Test func aTableThatACommitIsInStaysUntilThatHasEnded() throws {
    let bench = try Bench()
    let connection = try bench.nodes.opener().open(.writer)
    defer { connection.close() }
    try bench.insert([bench.key(1)], at: 70)
    try connection.execute("BEGIN; INSERT INTO twin_a VALUES (gen_random_uuid())", within: .patient)
    #expect(try bench.empty(at: 210) == .busy)
    try connection.execute("COMMIT", within: .patient)
    #expect(try bench.empty(at: 210) == .done)
  }

  @Test func keysThatStandThereAreFoundInBothTables() throws {
    let bench = try Bench()
    try bench.insert([bench.key(1)], at: 70)
    try bench.insert([bench.key(2)], at: 200)
    var pipeline = Pipeline()
    bench.statements(at: 0).taken([bench.key(1), bench.key(2), bench.key(3)], in: &pipeline)
    let taken = try TwinStatements.taken(bench.nodes.connection().run(pipeline, within: .patient)[0])
    #expect(Set(taken) == [bench.key(1), bench.key(2)])
  }

  /// A database with a store's tables.
  private final class Bench {
    let nodes: NodeBench

    init() throws {
      nodes = try NodeBench()
      try nodes.node().close()
    }

    func key(_ number: UInt64) -> TwinKey { TwinKey(EventID(high: number, low: 0)) }

    /// What a transaction does that begins so many seconds after a turn of the first table.
    func statements(at second: Int) -> TwinStatements {
      TwinStatements(TableNames(), time: "\(240_000_000_000 + Int64(second) * 1_000_000)::int8")
    }

    func insert(_ keys: [TwinKey], at second: Int) throws {
      var pipeline = Pipeline()
      for (statement, parameters) in statements(at: second).insertions(of: keys.sorted()) {
        // By its name a connection would take one of another time for it.
        let own = Statement(name: "\(statement.name)_\(second)", sql: statement.sql, types: statement.types)
        pipeline.add(own, parameters)
      }
      _ = try nodes.connection().run(pipeline, within: .patient)
    }

    func empty(at second: Int) throws -> KeepingOutcome {
      let opened = try nodes.opener().open(.keeping)
      defer { opened.close() }
      let key = StoreKey(id: try nodes.rows("SELECT id FROM store")[0].eventID(0))
      return try statements(at: second).empty(
        KeeperSession(connection: opened, key: key, limit: NodeBench.limit))
    }

    func counts() throws -> [Int64] {
      try TableNames().twins.map { try nodes.rows("SELECT count(*) FROM \($0)")[0].integer(0) }
    }
  }
}

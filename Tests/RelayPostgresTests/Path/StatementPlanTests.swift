import RelayPostgresSupport
import RelayTestSupport
import Testing

@testable import RelayPostgres

/// How the server finds what each statement is about: by an index, whatever the tables hold.
@Suite("Plans of statements", .needsPostgres, .timeLimit(.minutes(15)))
struct StatementPlanTests {
  private static let names = TableNames()
  /// Any: with one more, so that what goes by all days is told from what goes by one.
  private static let day = Day(number: 22_000)

  /// Those of the path and of the lookup, by their names. What is read at the start alone may look at all there is.
  private static let statements: [Statement] = {
    let holders: [Any] = [
      RecordStatements(names), WalkStatements(names), EventStatements(names), StandingStatements(names),
      BoundStatements(names),
      AppendStatements(names), AppendStatements(names, of: day), SettleStatements(names),
      SettleStatements(names, of: day), MoveStatements(names), AgeStatements(names), ClaimStatements(names),
      KeyStatements(names),
      ChangeStatements(names), DuplicateStatements(names), EraseStatements(names), ReplayStatements(names),
      SweepStatements(names),
    ]
    let atTheStart = ["newest_envelopes"]
    return holders.flatMap { Mirror(reflecting: $0).children.compactMap { $0.value as? Statement } }
      .filter { !atTheStart.contains($0.name) }
      + [RetentionStatements(names).isOpen(day), RetentionStatements(names).stays(day, in: day)]
  }()

  /// Those that look for what has ids, or comes after an id: they open no table of another day.
  private static let ofSomeDays: Set = [
    "deliver_at_once", "settle", "retry_ordered", "delete_failures", "pending_deliveries", "reroute_events",
    "waiting_deliveries", "fresh_deliveries", "deliveries_by_id", "events_by_id", "list", "list_range",
    "change_by_id", "retry", "discard", "reorder", "states", "deliveries_to_erase", "erase_events",
    "erase_answers", "events_without_delivery", "sendable_events", "lock_events_to_keep",
    "lock_deliveries_to_keep", "keep_event", "keep_delivery", "keep_failure", "remove_bodies",
    "insert_ordered_deliveries", "promote", "firsts", "turns", "demote", "change_page",
    "shelves_newest_first", "shelves_oldest_first", "unlisted_newest_first", "unlisted_oldest_first",
    "walk_unlisted", "walk_all", "walk_rerouted", "walk_replayed", "rerouted_from", "replayed_from",
    "waiting_keys", "walk_shelves",
  ]

  /// By which indexes statements go, in each table that they open, where another one would do, and look at much more.
  private static let indexes: [String: [String]] = [
    "fresh_deliveries": ["delivery_shelf"], "change_page": ["delivery_shelf"],
    "events_on_shelves": ["delivery_shelf"], "walk_shelves": ["delivery_shelf"],
    "shelves_newest_first": ["delivery_shelf"], "shelves_oldest_first": ["delivery_shelf"],
    "oldest_listed": ["delivery_shelf"], "oldest_fresh": ["delivery_shelf"],
    "waiting_keys": ["delivery_shelf"],
    "retrying_deliveries": ["delivery_due"], "retries_to_come": ["delivery_due"],
    "bring_in": ["delivery_due"], "first_retries": ["delivery_due"],
    "old_dead": ["delivery_due"], "first_dead": ["delivery_due"],
    "pending_waits": ["delivery_due", "delivery_shelf"],
    "followers": ["delivery_key"], "demote": ["delivery_key"], "promote": ["delivery_key"],
    "firsts": ["delivery_key"], "turns": ["delivery_key"], "reorder": ["delivery_key"],
    "heads_of_keys": ["delivery_key"], "insert_ordered_deliveries": ["delivery_key"],
    "retry_ordered": ["delivery_key"],
    "walk_rerouted": ["delivery_rerouted"], "walk_replayed": ["delivery_replayed"],
    "rerouted_from": ["delivery_rerouted"], "replayed_from": ["delivery_replayed"],
    "events_newest_first": ["event_number"], "events_oldest_first": ["event_number"],
    "unrouted_events": ["event_unrouted"],
  ]

  /// What the tables hold, and so what the server thinks that a condition leaves over.
  enum Contents: CaseIterable {
    case nothing
    /// Of several destinations, in all states.
    case variety
    /// Of one destination, and one key: half of them on shelves, or few and all on one.
    case oneDestination, oneShelf

    fileprivate static let rows = 30_000

    /// By the row's number `n`: its destination, its state, and its key while it is pending.
    fileprivate var columns: (destination: String, state: String, key: String)? {
      switch self {
      case .nothing: nil
      case .variety: ("n % 5", "n % 6", "(n % 1000)::text")
      case .oneDestination:
        ("1", "CASE n % 2 WHEN 0 THEN 3 ELSE (ARRAY[0, 1, 2, 4, 5])[n % 5 + 1] END", "'k'")
      case .oneShelf: ("1", "CASE WHEN n % 7 > 0 THEN 3 ELSE 0 END", "'k'")
      }
    }
  }

  @Test(arguments: Contents.allCases)
  func eachGoesByAnIndexWhateverTheTablesHold(_ contents: Contents) async throws {
    let bench = try PathBench()
    try await bench.open(isDirect: true).close()
    for day in [Self.day, Self.day.advanced(by: 1)] {
      _ = try bench.ask(DayTableStatements(Self.names).make(day).sql)
    }
    try fill(bench, contents)
    let opener = SessionOpener(address: bench.database.address, applicationName: "plans", limit: .seconds(60))
    let connection = try opener.open(.writer)
    defer { connection.close() }
    let tables = try bench.ask(
      """
      SELECT relid::regclass::text FROM unnest('{event,delivery}'::regclass[]) t CROSS JOIN LATERAL pg_partition_tree(t)
      WHERE isleaf
      """
    ).map { $0.text(0) }
    // Null is in no day. What is kept is of all days.
    let days = tables.filter { !$0.hasSuffix("_\(DayTableSchema.kept)") }
    for statement in Self.statements where Self.ofSomeDays.contains(statement.name) {
      let plan = try plan(of: statement, connection)
      let opened = Self.scans(of: statement, in: days).filter { scan in plan.contains { $0.contains(scan) } }
      let isPruned = plan.contains { $0.contains("Subplans Removed") } && opened.isEmpty
      let text = "\(statement.name) with \(contents):\n\(plan.joined(separator: "\n"))"
      #expect(isPruned, "days are opened by \(text)")
    }
    // Without values for what is asked, no day would be shown.
    try connection.execute("SET enable_partition_pruning = off", within: .seconds(60))
    for statement in Self.statements {
      let plan = try plan(of: statement, connection)
      let scans = plan.indices.filter { Self.isWalk(plan, $0) }.map { plan[$0] }
      let text = "\(statement.name) with \(contents):\n\(plan.joined(separator: "\n"))"
      #expect(scans.isEmpty, "\(text)")
      for scan in Self.scans(of: statement, in: tables) {
        #expect(plan.contains { $0.contains(scan) }, "nothing goes \(scan)in \(text)")
      }
      // A scan that may go on beyond its destination, or beyond its shelf or its key, goes on to the end.
      let endless = plan.indices.filter { Self.isEndless(plan, $0) }.map { plan[$0 + 1] }
      #expect(endless.isEmpty, "\(text)")
    }
    // A name that no statement has any more would ask for nothing.
    let asked = Self.ofSomeDays.union(Self.indexes.keys)
    #expect(asked.isSubset(of: Self.statements.map(\.name)))
  }

  /// How a plan says that it goes by the statement's indexes, in those of these tables that have them.
  private static func scans(of statement: Statement, in tables: [String]) -> [String] {
    (indexes[statement.name] ?? []).flatMap { index in
      let whole = index.prefix { $0 != "_" }
      return tables.filter { $0.hasPrefix("\(whole)_") }.map { table in
        "using \(index)\(table.dropFirst(whole.count)) on \(table) "
      }
    }
  }

  /// Whether a line of a plan goes along all there is of a large table.
  private static func isWalk(_ plan: [String], _ line: Int) -> Bool {
    let words = [
      "Seq Scan on event", "Seq Scan on delivery", "Seq Scan on failure", "Hash Join", "Hash Semi",
      "Merge Join",
    ]
    if words.contains(where: { plan[line].contains($0) }) { return true }
    let isIndexScan =
      plan[line].contains("Scan using") && plan[line].contains(/\ on (event|delivery|failure)/)
      // These hold nothing but what is looked for.
      && !plan[line].contains(/delivery_(rerouted|replayed)/) && !plan[line].contains("event_unrouted")
    // An index without a condition is walked from end to end.
    return isIndexScan && (line + 1 == plan.count || !plan[line + 1].contains("Index Cond"))
  }

  /// Whether a line of a plan goes along an index of deliveries without an end: a row's first column alone ends a scan, and no later one.
  private static func isEndless(_ plan: [String], _ line: Int) -> Bool {
    guard plan[line].contains(/Scan .*using delivery_(shelf|due|key)_/) else { return false }
    let condition = plan[line + 1]
    return !condition.contains("(destination = ") || condition.contains("ROW(destination")
  }

  private func plan(of statement: Statement, _ connection: PostgresConnection) throws -> [String] {
    let types = statement.types.map(\.sqlName).joined(separator: ", ")
    let nulls = statement.types.map { _ in "NULL" }.joined(separator: ", ")
    try connection.execute(
      "PREPARE p\(types.isEmpty ? "" : "(\(types))") AS \(statement.sql)", within: .seconds(60))
    defer { try? connection.execute("DEALLOCATE p", within: .seconds(60)) }
    let explained = Statement(
      name: "explain_\(statement.name)", sql: "EXPLAIN EXECUTE p\(nulls.isEmpty ? "" : "(\(nulls))")")
    return try connection.run(explained, Parameters(), within: .seconds(60)).map { $0.text(0) }
  }

  private func fill(_ bench: PathBench, _ contents: Contents) throws {
    guard let (destination, state, key) = contents.columns else { return }
    let rows = Contents.rows
    let event = "(left('\(Self.day.firstEvent)', 24) || lpad(to_hex(n), 12, '0'))::uuid"
    _ = try bench.ask(
      """
      INSERT INTO event (id, number, received, envelope, source, configuration, deliveries, slot, dropped, type, routes, body)
      SELECT \(event), \(Self.day.firstNumber) + n, 0, gen_random_uuid(), 1, 1, 1, 0, false, 'a', '{1}', '{}'
      FROM generate_series(1, \(rows)) n
      """)
    _ = try bench.ask(
      """
      INSERT INTO delivery (id, event, since, received, due, destination, route, run, attempts, counted, bytes, slot, state,
        shelf, order_key)
      SELECT \(Self.day.firstNumber) + n, \(event), 0, 0, CASE WHEN state IN (1, 4) THEN n END, \(destination), 1, 0, 0, 0, 514,
        0, state, CASE WHEN state <> 3 THEN state END, CASE WHEN state < 3 THEN \(key) END
      FROM generate_series(1, \(rows)) n CROSS JOIN LATERAL (SELECT \(state) AS state) s
      """)
    // An empty table that was looked through seems to have one row for good, and no index to be worth it.
    let tables = Self.names.of(Self.day)
    for table in [tables.event, tables.delivery] { _ = try bench.ask("ANALYZE \(table)") }
  }
}

extension ColumnType {
  fileprivate var sqlName: String {
    switch self {
    case .bool: "bool"
    case .bytea: "bytea"
    case .int8: "int8"
    case .int2: "int2"
    case .int4: "int4"
    case .text: "text"
    case .uuid: "uuid"
    case .boolArray: "bool[]"
    case .byteaArray: "bytea[]"
    case .int2Array: "int2[]"
    case .int4Array: "int4[]"
    case .textArray: "text[]"
    case .int8Array: "int8[]"
    case .uuidArray: "uuid[]"
    }
  }
}

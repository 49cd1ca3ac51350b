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
    "insert_ordered_deliveries", "promote", "firsts", "turns", "demote",
  ]

  /// By which index statements go where another one would do, and look at much more.
  private static let indexes = [
    "walk_shelves": "delivery_shelf", "walk_rerouted": "delivery_rerouted",
    "walk_replayed": "delivery_replayed", "late_events": "delivery_rerouted", "first_retries": "delivery_due",
    "pending_waits": "delivery_due", "events_newest_first": "event_number",
    "events_oldest_first": "event_number", "heads_of_keys": "delivery_key", "followers": "delivery_key",
    "promote": "delivery_key", "firsts": "delivery_key", "turns": "delivery_key",
    "insert_ordered_deliveries": "delivery_key", "old_dead": "delivery_due", "first_dead": "delivery_due",
    "unrouted_events": "event_unrouted", "change_page": "delivery_shelf",
    "fresh_deliveries": "delivery_shelf",
    "retrying_deliveries": "delivery_due", "retries_to_come": "delivery_due",
  ]

  @Test(arguments: [0, 30_000])
  func eachGoesByAnIndexWhateverTheTablesHold(_ rows: Int) async throws {
    let bench = try PathBench()
    try await bench.open(isDirect: true).close()
    for day in [Self.day, Self.day.advanced(by: 1)] {
      _ = try bench.ask(DayTableStatements(Self.names).make(day).sql)
    }
    if rows > 0 { try fill(bench, rows) }
    let opener = SessionOpener(address: bench.database.address, applicationName: "plans", limit: .seconds(60))
    let connection = try opener.open(.writer)
    defer { connection.close() }
    let pruned = try Self.statements.filter { statement in
      try plan(of: statement, connection).contains { $0.contains("Subplans Removed") }
    }
    let others = Self.ofSomeDays.subtracting(pruned.map(\.name))
    #expect(others.isEmpty, "these open all days with \(rows) rows: \(others.sorted())")
    // Without values for what is asked, no day would be shown.
    try connection.execute("SET enable_partition_pruning = off", within: .seconds(60))
    for statement in Self.statements {
      let plan = try plan(of: statement, connection)
      let scans = plan.indices.filter { Self.isWalk(plan, $0) }.map { plan[$0] }
      let text = "\(statement.name) with \(rows) rows:\n\(plan.joined(separator: "\n"))"
      #expect(scans.isEmpty, "\(text)")
      if let index = Self.indexes[statement.name] { #expect(plan.contains { $0.contains(index) }, "\(text)") }
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

  private func fill(_ bench: PathBench, _ rows: Int) throws {
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
      SELECT \(Self.day.firstNumber) + n, \(event), 0, 0, CASE n % 3 WHEN 1 THEN n END, n % 5, 1, 0, 0, 0, 514, 0, n % 6,
        CASE WHEN n % 6 <> 3 THEN n % 6 END, CASE WHEN n % 6 < 3 THEN (n % 1000)::text END
      FROM generate_series(1, \(rows)) n
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

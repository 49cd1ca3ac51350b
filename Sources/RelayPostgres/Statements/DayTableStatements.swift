import RelayCore

/// How the tables of days are made, and which there are.
struct DayTableStatements: Sendable {
  /// The days that have all tables.
  private let days: Statement
  private let deliveryDays: Statement
  /// The server's time, as a tick.
  static let time = Statement(name: "server_time", sql: "SELECT \(CommitBase.tick(of: "clock_timestamp()"))")

  private let names: TableNames
  /// One node makes tables at a time: in the room of keys of 64 bits, beside the migration's. `huggyday`.
  private static let lockKey: Int64 = 0x6875_6767_7964_6179

  init(_ names: TableNames) {
    self.names = names
    days = Statement(
      name: "days",
      sql: """
        SELECT substr(c.relname, length(p.relname) - \(DayTableSchema.days.count) + 1)
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        WHERE i.inhparent IN (\(names.wholesOfDays.map { "'\($0)'::regclass" }.joined(separator: ", ")))
        UNION ALL
        SELECT substr(c.relname, \(names.envelope.count + 2)) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = '\(names.envelope)'::regclass
        """)
    deliveryDays = Statement(
      name: "days_of_deliveries",
      sql: """
        SELECT substr(c.relname, \(names.delivery.count + 2)) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = '\(names.deliveryDays)'::regclass
        """)
  }

  /// Makes those tables of a day that are not there: all or none. It gives up after 200 ms (55P03).
  func make(_ day: Day) -> Statement {
    let next = day.advanced(by: 1)
    let numbers = "FROM (\(day.firstNumber)) TO (\(next.firstNumber))"
    let events = "FROM ('\(day.firstEvent)') TO ('\(next.firstEvent)')"
    var tables = [
      (names.of(day).event, DayTableSchema.event(names, suffix: day.name, in: names.eventDays, for: events))
    ]
    if !day.isBeyondNumbers {
      tables += [
        (
          names.of(day).delivery,
          DayTableSchema.delivery(names, suffix: day.name, in: names.deliveryDays, for: numbers)
        ),
        (
          names.of(day).failure,
          DayTableSchema.failure(names, suffix: day.name, in: names.failureDays, for: numbers)
        ),
        (
          names.of(day).envelope,
          DayTableSchema.envelope(names, suffix: day.name, in: names.envelope, for: numbers)
        ),
      ]
    }
    let making = tables.map { table, made in
      """
      IF NOT EXISTS (SELECT FROM pg_class WHERE relname = '\(table)' AND relnamespace = place) THEN
      \(made)
      END IF;
      """
    }
    return Statement(
      name: "make_\(day.name)",
      sql: """
        DO $$ DECLARE
          place oid := (SELECT relnamespace FROM pg_class WHERE oid = '\(names.event)'::regclass);
        BEGIN
          PERFORM set_config('lock_timeout', '200ms', true);
          PERFORM pg_advisory_xact_lock(\(Self.lockKey));
        \(making.joined(separator: "\n"))
        END $$
        """)
  }

  /// The first day of which a delivery with an order key is pending, or the highest day, if there is none; nil: such a one is kept of a day that
  /// has gone.
  func firstKeyedDay(_ connection: StoreConnection) throws(StoreError) -> Day? {
    let days = try connection.read(deliveryDays).compactMap { Day(name: $0.text(0)) }.sorted()
    // By the index that has nothing else: no other one is in this order.
    let columns = ([names.deliveryKept] + days.map { names.of($0).delivery }).map { table in
      """
      (SELECT d.id FROM \(table) d WHERE d.order_key IS NOT NULL ORDER BY d.destination, d.order_key, d.id LIMIT 1)
      """
    }
    let name = "keyed_since_\(days.first?.name ?? "")_\(days.last?.name ?? "")"
    let row = try connection.read(Statement(name: name, sql: "SELECT \(columns.joined(separator: ", "))"))[0]
    guard row.isNull(0) else { return nil }
    return zip(days, 1...).first { !row.isNull($0.1) }?.0 ?? Day(numbered: .max)
  }

  /// Those that have all tables.
  func days(_ connection: StoreConnection) throws(StoreError) -> Set<Day> {
    var counts: [Day: Int] = [:]
    for row in try connection.read(days) {
      if let day = Day(name: row.text(0)) { counts[day, default: 0] += 1 }
    }
    return Set(counts.filter { $0.value == names.wholesOfDays.count + 1 || $0.key.isBeyondNumbers }.keys)
  }
}

import RelayCore

/// How the tables of old days go.
///
/// What goes along a whole day is asked without a lock. Under the locks is asked again only what can have changed since: a discarded delivery
/// that a person has retried is on a shelf, and what a replay has queued of an old event is in `replayed`.
struct RetentionStatements: Sendable {
  /// The names of days: of each kind of table those that there are.
  private let days: Statement
  private let names: TableNames

  init(_ names: TableNames) {
    self.names = names
    let kinds = [names.eventDays, names.deliveryDays, names.envelope]
    days = Statement(
      name: "days_of_kinds",
      sql: kinds.enumerated().map { kind, whole in
        let prefix = whole == names.envelope ? whole.count : whole.count - DayTableSchema.days.count - 1
        return """
          SELECT \(kind)::int4, substr(c.relname, \(prefix + 2)) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = '\(whole)'::regclass
          """
      }.joined(separator: " UNION ALL "))
  }

  /// The days that have tables, the oldest first.
  struct Days {
    var events: [Day] = []
    /// Of deliveries, and of their failures.
    var deliveries: [Day] = []
    var envelopes: [Day] = []
  }

  func days(_ session: KeeperSession) throws(PostgresError) -> Days {
    var found = Days()
    for row in try session.run(days) {
      guard let day = Day(name: row.text(1)) else { continue }
      switch row.int32(0) {
      case 0: found.events.append(day)
      case 1: found.deliveries.append(day)
      default: found.envelopes.append(day)
      }
    }
    found.events.sort()
    found.deliveries.sort()
    found.envelopes.sort()
    return found
  }

  // MARK: Deliveries

  /// Whether anything of a day is pending or dead, and when the last that happened to one of the others did; nil: there are none. Goes along
  /// all of it.
  func standing(
    _ day: Day, within limit: Duration, _ session: KeeperSession
  ) throws(PostgresError) -> (isOpen: Bool, last: Timestamp?) {
    let table = names.of(day).delivery
    let statement = Statement(
      name: "standing_of_\(table)",
      sql: """
        SELECT coalesce(bool_or(\(MoveStatements.isOpen)), false), max(greatest(d.settled, \(MoveStatements.came))) FROM \(table) d
        """)
    let row = try session.connection.run(statement, Parameters(), within: limit)[0]
    return (row.bool(0), row.optionalTime(1))
  }

  /// Whether anything of a day is pending or dead, as far as that can have changed since it was looked through.
  func isOpen(_ day: Day) -> Statement {
    let table = names.of(day).delivery
    return Statement(
      name: "is_open_\(table)",
      sql: """
        SELECT EXISTS (
            SELECT FROM \(names.destination) t CROSS JOIN unnest('{-4,-3,-2,0,1,2,4}'::int2[]) AS s(shelf)
            CROSS JOIN LATERAL (
              SELECT FROM \(table) d WHERE d.destination = t.id AND d.shelf = s.shelf LIMIT 1) d)
          OR EXISTS (
            SELECT FROM \(table) d WHERE d.id >= \(UnlistedRead.first(names)) AND d.state = 0 AND d.shelf IS NULL)
        """)
  }

  func dropDeliveries(_ day: Day) -> Drop {
    let of = names.of(day)
    return Drop(tables: [of.delivery, of.failure], wholes: [names.deliveryDays, names.failureDays])
  }

  // MARK: Events

  /// Between which numbers the events of a day are; nil: there are none.
  func numbers(_ day: Day, _ session: KeeperSession) throws(PostgresError) -> ClosedRange<Int64>? {
    let table = names.of(day).event
    let row = try session.run(
      Statement(name: "numbers_of_\(table)", sql: "SELECT min(number), max(number) FROM \(table)"))[0]
    guard let first = row.optionalInteger(0), let last = row.optionalInteger(1) else { return nil }
    return first...last
  }

  /// Whether something at the beginning of a day is of events of another, and is pending, dead, or settled after `$2`. `$1`: no delivery of
  /// these events is above it.
  func stays(_ events: Day, in day: Day) -> Statement {
    let table = names.of(day).delivery
    return Statement(
      name: "stays_in_\(table)",
      sql: """
        SELECT EXISTS (
          SELECT FROM \(table) d WHERE d.id <= $1 AND d.event < '\(events.advanced(by: 1).firstEvent)'
            AND (\(MoveStatements.isOpen) OR d.settled > $2))
        """,
      types: [.int8, .int8])
  }

  /// Whether what replays and new rules have made of a day's events is pending, dead, or settled after `$1`. What is kept stays alone.
  func staysLate(_ day: Day) -> Statement {
    let table = names.of(day).event
    return Statement(
      name: "stays_late_\(table)",
      sql: """
        SELECT EXISTS (
          SELECT FROM (\(MoveStatements.late(names, day, "(\(MoveStatements.isOpen) OR d.settled > $1)"))) l
          JOIN \(table) e ON e.id = l.event)
        """,
      types: [.int8])
  }

  /// What replays have queued of a day's events that have gone.
  func forgetReplayed(_ day: Day) -> Statement {
    Statement(
      name: "forget_replayed_\(day.name)",
      sql: """
        DELETE FROM \(names.replayed) r WHERE r.event >= '\(day.firstEvent)' AND r.event < '\(day.advanced(by: 1).firstEvent)'
          AND NOT EXISTS (SELECT FROM \(names.eventKept) k WHERE k.id = r.event)
        """)
  }

  func dropEvents(_ day: Day) -> Drop { Drop(tables: [names.of(day).event], wholes: [names.eventDays]) }

  // MARK: Envelopes

  func dropEnvelopes(_ day: Day) -> Drop {
    Drop(tables: [names.of(day).envelope], wholes: [names.envelope])
  }

  /// How tables go. Nobody is waited for (55P03), since all who come then would wait, too.
  struct Drop {
    let close: Statement
    /// What a commit by the whole tables waits for, and nothing else.
    let closeWholes: Statement
    let drop: Statement

    init(tables: [String], wholes: [String]) {
      let list = tables.joined(separator: ", ")
      close = Statement(name: "close_\(tables[0])", sql: "LOCK TABLE \(list) IN ACCESS EXCLUSIVE MODE NOWAIT")
      let only = wholes.map { "ONLY \($0)" }.joined(separator: ", ")
      closeWholes = Statement(
        name: "close_\(wholes[0])", sql: "LOCK TABLE \(only) IN ACCESS EXCLUSIVE MODE NOWAIT")
      drop = Statement(name: "drop_\(tables[0])", sql: "DROP TABLE \(list)")
    }
  }
}

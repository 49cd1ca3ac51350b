import RelayCore
import RelayStoring

/// Destinations, and their books: totals, and the differences that commits have inserted since those were made.
struct BookStatements: Sendable {
  /// Destinations with their books, whatever of these is folded: id, name, what belongs to people, and `columns` from the seventh on.
  let allBooks: Statement
  /// One for each table of differences.
  private let insertDeltas: [Statement]
  private let setStanding: Statement
  private let lastSequence: Statement
  private let baseOfCommit: Statement
  private let confirmation: Statement

  init(_ names: TableNames) {
    let sums = Self.columns.map { "sum(\($0))::int8 AS \($0)" }.joined(separator: ", ")
    let columns = Self.columns.joined(separator: ", ")
    let deltas = Self.unfolded(names, in: names.bookDeltas)
    allBooks = Statement(
      name: "all_books",
      sql: """
        SELECT d.id, d.name, d.ordering, d.paused_until, d.suspended, d.suspended_since,
          \(Self.columns.map { "coalesce(b.\($0), 0)" }.joined(separator: ", "))
        FROM \(names.destination) d LEFT JOIN (
          SELECT destination, \(sums) FROM (
            SELECT destination, \(columns) FROM \(names.book)
            UNION ALL SELECT destination, \(columns) FROM (\(deltas)) d) a
          GROUP BY destination) b ON b.destination = d.id
        ORDER BY d.id
        """)
    insertDeltas = names.bookDeltas.map { table in
      Statement(
        name: "insert_\(table)",
        sql: """
          \(CommitBase.cte), new AS (
            INSERT INTO \(table) (slot, sequence, base, destination, \(columns))
            SELECT $2, $3, base.tick, u.* FROM base,
              unnest($4::int4[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[], $10::int8[], $11::int8[])
                AS u(destination, \(columns)))
          SELECT tick, (SELECT last_value FROM \(names.foldTurn)) FROM base
          """,
        types: [
          .int8, .int2, .int8, .int4Array, .int8Array, .int8Array, .int8Array, .int8Array, .int8Array,
          .int8Array, .int8Array,
        ])
    }
    setStanding = Statement(
      name: "set_standing",
      sql: """
        UPDATE \(names.destination) d SET ordering = CASE WHEN u.is_ordered THEN u.ordering ELSE d.ordering END,
          paused_until = CASE WHEN u.is_paused THEN u.paused_until ELSE d.paused_until END,
          suspended = CASE WHEN u.is_suspended THEN u.suspended ELSE d.suspended END,
          suspended_since = CASE WHEN u.is_suspended THEN u.since ELSE d.suspended_since END
        FROM unnest($1::int4[], $2::int4[], $3::int8[], $4::int8[], $5::int8[], $6::bool[], $7::bool[], $8::bool[])
          AS u(id, ordering, paused_until, suspended, since, is_ordered, is_paused, is_suspended)
        WHERE d.id = u.id
        """,
      types: [
        .int4Array, .int4Array, .int8Array, .int8Array, .int8Array, .boolArray, .boolArray, .boolArray,
      ])
    // Nothing comes after a commit that is looked for: where it is folded, it is the last one that is.
    let places = names.bookDeltas + [names.folded]
    baseOfCommit = Statement(
      name: "base_of_commit",
      sql: places.map { "SELECT base FROM \($0) WHERE slot = $1 AND sequence = $2" }
        .joined(separator: " UNION ALL ") + " LIMIT 1",
      types: [.int2, .int8])
    confirmation = Statement(name: "confirm", sql: "SELECT pg_logical_emit_message(true, 'huggy-relay', '')")
    let highest = places.map { "(SELECT max(sequence) FROM \($0) WHERE slot = $1)" }
    lastSequence = Statement(
      name: "last_sequence", sql: "SELECT coalesce(greatest(\(highest.joined(separator: ", "))), 0)",
      types: [.int2])
  }

  /// What is in no total yet of what stands in these tables, as a query.
  ///
  /// Of a node's commits each is there before the next one begins. So what a look finds of them has no gap, and one number says how far they
  /// are folded.
  static func unfolded(_ names: TableNames, in tables: [String]) -> String {
    let all = tables.map { "SELECT * FROM \($0)" }.joined(separator: " UNION ALL ")
    return """
      SELECT a.* FROM (\(all)) a LEFT JOIN \(names.folded) f ON f.slot = a.slot
      WHERE a.sequence > coalesce(f.sequence, 0)
      """
  }

  static let columns = [
    "pending", "replaying", "dead", "delivered", "discarded", "overflowed", "backlog_bytes",
  ]

  // MARK: Reading

  /// All that were ever configured, in the order in which they came to be.
  func all(_ connection: StoreConnection) throws(StoreError) -> [(row: DestinationRowID, StoredDestination)] {
    try connection.read(allBooks).map(Self.destination)
  }

  /// - Parameter row: Of `allBooks`.
  static func destination(_ row: Row) -> (row: DestinationRowID, StoredDestination) {
    var destination = StoredDestination(name: row.text(1))
    // A number that this version does not know is put in order again.
    destination.ordering = row.optionalInteger(2).flatMap { Ordering(rawValue: Int($0)) }
    destination.pausedUntil = row.optionalTime(3)
    destination.suspended = SuspendedTime(
      ended: .microseconds(row.integer(4)), since: row.optionalTime(5))
    destination.pending = Int(row.integer(6))
    destination.replaying = Int(row.integer(7))
    destination.dead = Int(row.integer(8))
    destination.delivered = Int(row.integer(9))
    destination.discarded = Int(row.integer(10))
    destination.overflowed = Int(row.integer(11))
    destination.backlogBytes = Int(row.integer(12))
    return (DestinationRowID(rawValue: row.integer(0)), destination)
  }

  /// The number of a node's last commit; 0: there was none.
  func lastSequence(slot: Int16, _ connection: StoreConnection) throws(StoreError) -> Int64 {
    var parameters = Parameters()
    parameters.add(slot)
    return try connection.read(lastSequence, parameters).first?.integer(0) ?? 0
  }

  /// Where the numbers of a node's commit begin; nil: it is not there.
  func base(of sequence: Int64, slot: Int16, _ connection: StoreConnection) throws(StoreError) -> Int64? {
    var parameters = Parameters()
    parameters.add(slot)
    parameters.add(sequence)
    return try connection.read(baseOfCommit, parameters).first?.integer(0)
  }

  /// Writes something that no table holds: once that is kept, all before it is, by the standbys, too.
  func confirm(_ connection: StoreConnection) throws(StoreError) { _ = try connection.read(confirmation) }

  // MARK: Writing

  /// What a commit has changed, and its number. The last statement of each commit: it tells where the commit's numbers begin.
  ///
  /// - Parameter turn: As the last commit has told it. Where it is another one by now, the difference stands in the other table, and counts
  ///   the same.
  func insert(
    _ changes: [DestinationTable.Change], sequence: Int64, turn: Int64, in commit: PendingCommit
  ) {
    let changes = changes.filter(\.hasOtherBooks)
    let insertDeltas = insertDeltas[Int(turn & 1)]
    var parameters = commit.parameters(capacity: 128 * changes.count + 512)
    parameters.add(sequence)
    guard !changes.isEmpty else {
      parameters.add(array: CollectionOfOne(Int32(0)))
      for _ in Self.columns { parameters.add(array: CollectionOfOne(Int64(0))) }
      return commit.addLast(insertDeltas, parameters)
    }
    func add(_ count: KeyPath<StoredDestination, Int>) {
      parameters.add(array: changes.lazy.map { Int64($0.after[keyPath: count] - $0.before[keyPath: count]) })
    }
    parameters.add(array: changes.lazy.map { Int32($0.row.rawValue) })
    add(\.pending)
    add(\.replaying)
    add(\.dead)
    add(\.delivered)
    add(\.discarded)
    add(\.overflowed)
    add(\.backlogBytes)
    commit.addLast(insertDeltas, parameters)
  }

  /// What belongs to people, and how long a destination has been suspended.
  func setStanding(of changes: [DestinationTable.Change], in commit: PendingCommit) {
    let changes = changes.filter(\.hasOtherStanding)
    guard !changes.isEmpty else { return }
    var parameters = Parameters()
    parameters.add(array: changes.lazy.map { Int32($0.row.rawValue) })
    parameters.add(array: changes.lazy.map { $0.after.ordering.map { Int32($0.rawValue) } })
    parameters.add(array: changes.lazy.map(\.after.pausedUntil))
    parameters.add(array: changes.lazy.map(\.after.suspended.ended.microseconds))
    parameters.add(array: changes.lazy.map(\.after.suspended.since))
    // Another node may have changed the rest.
    parameters.add(array: changes.lazy.map { $0.before.ordering != $0.after.ordering })
    parameters.add(array: changes.lazy.map { $0.before.pausedUntil != $0.after.pausedUntil })
    parameters.add(array: changes.lazy.map { $0.before.suspended != $0.after.suspended })
    commit.add(setStanding, parameters)
  }
}

extension DestinationTable.Change {
  fileprivate var hasOtherStanding: Bool {
    (before.ordering, before.pausedUntil) != (after.ordering, after.pausedUntil)
      || before.suspended != after.suspended
  }

  fileprivate var hasOtherBooks: Bool {
    var same = before
    (same.ordering, same.pausedUntil, same.suspended) = (after.ordering, after.pausedUntil, after.suspended)
    return same != after
  }
}

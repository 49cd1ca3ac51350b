import RelayCore

/// Which of the two tables of twins a commit writes its keys to, by the server's time when it began.
///
/// Each has its turn for `period`, and at the beginning of a turn keys go to both. So two commits that began within `overlap` of each other
/// have a table in common. Those that are further apart know of each other by the news: a node stores nothing while it has not read these for
/// `Telling.freshness`, and a commit is given up after ten seconds.
enum TwinTurn {
  static let period = Duration.seconds(120)
  static let overlap = Duration.seconds(60)
  /// From so long after its beginning the table of the turn before may be emptied. Whoever writes to it still has a lock on it, and
  /// keeps that from happening.
  static let clearing = Duration.seconds(90)

  private static func begun(_ time: String) -> String { "(\(time)) % \(period.microseconds)" }

  /// Whether it is a table's turn, as SQL.
  ///
  /// - Parameter time: In microseconds.
  static func isOf(_ table: Int, at time: String) -> String {
    "(\(time)) / \(period.microseconds) % 2 = \(table)"
  }

  static func isWritten(_ table: Int, at time: String) -> String {
    "(\(isOf(table, at: time)) OR \(begun(time)) < \(overlap.microseconds))"
  }

  static func mayBeEmptied(_ table: Int, at time: String) -> String {
    "(NOT \(isOf(table, at: time)) AND \(begun(time)) >= \(clearing.microseconds))"
  }
}

/// Keys of what nodes store, which are unique over all nodes for a minute at least.
struct TwinStatements: Sendable {
  /// By the table.
  private let inserts: [Statement]
  private let taken: Statement
  /// Whether each table is to be emptied.
  private let look: Statement
  /// By the table, and only where it is to be emptied. All of it within the server: a node that stands still keeps nobody out of the table. It
  /// waits for nobody, and fails (55P03) while somebody is in it.
  private let empty: [Statement]

  /// - Parameter time: The server's, in microseconds, as SQL; of a transaction when it began.
  init(_ names: TableNames, time: String = "(extract(epoch FROM now()) * 1000000)::int8") {
    // What is to be unique comes in order, and is inserted in that order: two commits never wait for each other.
    inserts = names.twins.enumerated().map { place, table in
      Statement(
        name: "insert_\(table)",
        sql: """
          INSERT INTO \(table) (key) SELECT u FROM unnest($1::uuid[]) AS u WHERE \(TwinTurn.isWritten(place, at: time))
          """,
        types: [.uuidArray])
    }
    taken = Statement(
      name: "taken_twins",
      sql: names.twins.map { "SELECT key FROM \($0) WHERE key = ANY($1)" }.joined(separator: " UNION ALL "),
      types: [.uuidArray])
    let conditions = names.twins.enumerated().map { place, table in
      "\(TwinTurn.mayBeEmptied(place, at: time)) AND EXISTS (SELECT FROM \(table))"
    }
    look = Statement(name: "look_at_twins", sql: "SELECT \(conditions.joined(separator: ", "))")
    empty = zip(names.twins, conditions).map { table, condition in
      Statement(
        name: "empty_\(table)",
        sql: """
          DO $$ BEGIN
            IF \(condition) THEN
              LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE NOWAIT;
              TRUNCATE \(table);
            END IF;
          END $$
          """)
    }
  }

  // MARK: Commits

  /// What inserts them: the first statements of a commit. Where another node is storing the same, it waits for that one's end before it has locked
  /// anything that others wait for.
  ///
  /// - Parameter keys: In order.
  func insertions(of keys: [TwinKey]) -> [(Statement, Parameters)] {
    var parameters = Parameters(capacity: 20 * keys.count + 64)
    parameters.add(array: keys)
    return inserts.map { ($0, parameters) }
  }

  /// Which of them stand there.
  func taken(_ keys: [TwinKey], in pipeline: inout Pipeline) {
    var parameters = Parameters(capacity: 20 * keys.count + 64)
    parameters.add(array: keys)
    pipeline.add(taken, parameters)
  }

  static func taken(_ rows: Rows) -> [TwinKey] { rows.map { TwinKey($0.eventID(0)) } }

  // MARK: Keeping

  /// Empties the table whose turn is over. Nobody waits for it.
  func empty(_ session: KeeperSession) throws(PostgresError) -> KeepingOutcome {
    let row = try session.run(look)[0]
    guard let place = empty.indices.first(where: { row.bool($0) }) else { return .nothing }
    return try session.locks(empty[place]) ? .done : .busy
  }
}

/// How differences of books become totals, and go.
///
/// Commits insert differences into two tables that take turns. What is folded is told by `folded`, a number for each node, and not by which
/// rows are there: so they can be emptied later, while nobody inserts into them. A commit that does not know yet that the turn has changed
/// inserts into the other table, and its difference counts the same; it is never lost, since a table is emptied only while nobody else
/// is in it, and only once all of its rows are folded.
///
/// A table that is emptied seems empty also to who has begun to look before that. A look takes its locks first and then finds out what is
/// there, so those of the store never see this; and what a dump finds gone was folded by the step before, seconds earlier.
struct FoldStatements: Sendable {
  /// Whether this transaction alone folds now; it lasts until its end. `$1` the store's key.
  static let begin = Statement(
    name: "begin_keeping", sql: "SELECT pg_try_advisory_xact_lock($1, \(SlotLock.keeping))", types: [.int4])

  /// All differences that are there become totals.
  let fold: Statement
  /// The number of the turn, and whether each table has rows.
  let look: Statement
  /// By the table. Nobody waits for it: it fails (55P03) while anybody else is in the table, and who comes then waits for this transaction.
  let close: [Statement]
  /// Whether a table has differences that are in no total.
  let hasUnfolded: [Statement]
  let empty: [Statement]
  /// The same of replays: nobody waits for it, and it waits for nobody for longer than a commit takes.
  let foldReplays: Statement
  /// `$1` the number of the turn from now on: at once, and also if the transaction fails.
  let setTurn: Statement

  init(_ names: TableNames) {
    let columns = BookStatements.columns
    fold = Statement(
      name: "fold_books",
      sql: """
        WITH new AS MATERIALIZED (\(BookStatements.unfolded(names, in: names.bookDeltas))),
          total AS (
            INSERT INTO \(names.book) AS b (destination, \(columns.joined(separator: ", ")))
            SELECT destination, \(columns.map { "sum(\($0))" }.joined(separator: ", ")) FROM new
            WHERE destination <> 0 GROUP BY destination
            ON CONFLICT (destination) DO UPDATE SET
              \(columns.map { "\($0) = b.\($0) + excluded.\($0)" }.joined(separator: ", ")))
        INSERT INTO \(names.folded) (slot, sequence, base)
        SELECT DISTINCT ON (slot) slot, sequence, base FROM new ORDER BY slot, sequence DESC
        ON CONFLICT (slot) DO UPDATE SET sequence = excluded.sequence, base = excluded.base
        """)
    foldReplays = Statement(
      name: "fold_replays",
      sql: """
        WITH gone AS (DELETE FROM \(names.replayDelta) RETURNING replay, delivered, dead, discarded)
        UPDATE \(names.replay) r
        SET delivered = r.delivered + s.delivered, dead = r.dead + s.dead, discarded = r.discarded + s.discarded
        FROM (
          SELECT replay, sum(delivered)::int8 AS delivered, sum(dead)::int8 AS dead, sum(discarded)::int8 AS discarded
          FROM gone GROUP BY replay) s
        WHERE r.id = s.replay
        """)
    let hasRows = names.bookDeltas.map { "EXISTS (SELECT FROM \($0))" }.joined(separator: ", ")
    look = Statement(
      name: "look_at_book_deltas", sql: "SELECT (SELECT last_value FROM \(names.foldTurn)), \(hasRows)")
    close = names.bookDeltas.map {
      Statement(name: "close_\($0)", sql: "LOCK TABLE \($0) IN ACCESS EXCLUSIVE MODE NOWAIT")
    }
    hasUnfolded = names.bookDeltas.map { table in
      Statement(
        name: "unfolded_of_\(table)",
        sql: "SELECT EXISTS (\(BookStatements.unfolded(names, in: [table])))")
    }
    empty = names.bookDeltas.map { Statement(name: "empty_\($0)", sql: "TRUNCATE \($0)") }
    setTurn = Statement(
      name: "set_fold_turn", sql: "SELECT setval('\(names.foldTurn)', $1)", types: [.int8])
  }
}

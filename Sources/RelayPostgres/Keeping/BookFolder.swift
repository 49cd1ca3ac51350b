/// Folds the differences of books that commits have inserted, of all nodes: three steps, each a transaction of its own, so that it can be cut
/// off at any place. Confined to one thread.
///
/// A node that finds another one at it does nothing. It never waits for a lock, so no commit ever waits behind it; a commit that comes into a
/// table while that is being emptied, out of its turn, waits for these milliseconds.
struct BookFolder {
  let session: KeeperSession
  private let statements: FoldStatements

  init(_ session: KeeperSession, tables: TableNames = TableNames()) {
    self.session = session
    statements = FoldStatements(tables)
  }

  /// All that is to be done now. To be called every few seconds: the table whose turn has ended is emptied by the next call, when commits
  /// have come to know of it.
  func round() throws(PostgresError) {
    _ = try fold()
    _ = try empty()
    _ = try turn()
    _ = try session.run(statements.foldReplays)
  }

  /// Makes totals of all differences that are there.
  func fold() throws(PostgresError) -> KeepingOutcome {
    try session.alone { () throws(PostgresError) in
      try session.run(statements.fold).affected > 0 ? .done : .nothing
    }
  }

  /// Empties the table whose turn it is not, if all in it is folded.
  func empty() throws(PostgresError) -> KeepingOutcome {
    try session.alone { () throws(PostgresError) in
      let look = try look()
      guard look.hasRows[look.idle] else { return .nothing }
      guard try session.locks(statements.close[look.idle]) else { return .busy }
      // Since the fold there may have come some more, by who had not known that the turn had ended.
      if try session.run(statements.hasUnfolded[look.idle])[0].bool(0) { return .busy }
      _ = try session.run(statements.empty[look.idle])
      return .done
    }
  }

  /// The turn changes once the other table is empty.
  func turn() throws(PostgresError) -> KeepingOutcome {
    try session.alone { () throws(PostgresError) in
      let look = try look()
      guard !look.hasRows[look.idle], look.hasRows[1 - look.idle] else { return .nothing }
      var parameters = Parameters()
      parameters.add(look.turn + 1)
      _ = try session.run(statements.setTurn, parameters)
      return .done
    }
  }

  /// What stands in the tables.
  private struct Look {
    var turn: Int64
    /// By the table.
    var hasRows: [Bool]
    /// The table whose turn it is not.
    var idle: Int { Int(1 - turn & 1) }
  }

  private func look() throws(PostgresError) -> Look {
    let row = try session.run(statements.look)[0]
    return Look(turn: row.integer(0), hasRows: [row.bool(1), row.bool(2)])
  }
}

@available(*, unavailable)
extension BookFolder: Sendable {}

/// What has become of a step of what the store does by itself.
enum KeepingOutcome: Equatable {
  case done
  /// There was nothing to do.
  case nothing
  /// Another node is at it.
  case elsewhere
  /// Somebody is in a table that was to be locked, or has changed what was to go: later.
  case busy
}

/// The connection on which the store does what is to be done now and then, for all nodes. Confined to one thread.
struct KeeperSession {
  let connection: PostgresConnection
  let key: StoreKey
  /// Of each call.
  let limit: Duration

  private static let lockNotAvailable = "55P03"

  /// In a transaction, while no other node does anything like it. Only what is `done` is kept.
  func alone(
    _ step: () throws(PostgresError) -> KeepingOutcome
  ) throws(PostgresError) -> KeepingOutcome {
    try connection.execute("BEGIN", within: limit)
    do throws(PostgresError) {
      var parameters = Parameters()
      parameters.add(key.value)
      let isAlone = try run(FoldStatements.begin, parameters)[0].bool(0)
      let outcome = try isAlone ? step() : .elsewhere
      try connection.execute(outcome == .done ? "COMMIT" : "ROLLBACK", within: limit)
      return outcome
    } catch {
      // The first error is what counts; the connection may be gone.
      try? connection.execute("ROLLBACK", within: limit)
      throw error
    }
  }

  func run(
    _ statement: Statement, _ parameters: Parameters = Parameters(capacity: 0)
  ) throws(PostgresError) -> Rows {
    try connection.run(statement, parameters, within: limit)
  }

  /// - Parameter lock: Waits for nobody.
  /// - Returns: Whether this transaction has the lock now. If not, nothing more can be done in it.
  func locks(_ lock: Statement) throws(PostgresError) -> Bool {
    do throws(PostgresError) {
      _ = try run(lock)
      return true
    } catch {
      guard error.state == Self.lockNotAvailable else { throw error }
      return false
    }
  }
}

@available(*, unavailable)
extension KeeperSession: Sendable {}

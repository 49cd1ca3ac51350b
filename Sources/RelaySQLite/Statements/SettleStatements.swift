import RelayCore
import RelayStoring

/// How an attempt's outcome is written. A delivery that is no longer pending is left alone.
final class SettleStatements {
  private let settle: Statement
  private let settleAtOnce: Statement
  private let insertFailure: Statement
  private let deleteFailure: Statement
  private let pendingByRow: Statement
  private let connection: Connection

  init(_ connection: Connection) throws(StoreError) {
    self.connection = connection
    settle = try connection.prepare(
      """
      UPDATE delivery SET attempts = ?2, state = ?3, due = ?4, settled = ?5, reason = ?6,
        last_at = ?7, last_duration = ?8, last_status = ?9, last_error = ?10, counted = ?11, probed = ?12,
        revisit = ?13, last_peer = ?14, last_first_byte = ?15
      WHERE id = ?1 AND state < 3
      """)
    settleAtOnce = try connection.prepare(
      """
      UPDATE delivery SET attempts = 1, state = 3, settled = ?2, last_at = ?3, last_duration = ?4, last_status = ?5,
        counted = 1, last_peer = ?6, last_first_byte = ?7
      WHERE id = ?1 AND state < 3
      """)
    insertFailure = try connection.prepare(
      """
      INSERT OR REPLACE INTO failure (delivery, attempt, at, duration, status, error, answer, peer, first_byte,
        request_headers, answer_headers)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
      """)
    deleteFailure = try connection.prepare("DELETE FROM failure WHERE delivery = ?1 AND attempt = ?2")
    pendingByRow = try connection.prepare(
      """
      SELECT d.destination, d.bytes, d.order_key, v.received, d.run
      FROM delivery d JOIN event e ON e.id = d.event JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1 AND d.state < 3
      """)
  }

  /// - Parameter state: What it is from now on: a retry may have to wait for its order key.
  /// - Returns: Whether it was pending.
  func settle(
    _ settlement: Settlement, as state: DeliveryState, in queue: DeliveryQueue, settledAt now: Timestamp,
    revisit: Timestamp?
  ) throws(StoreError) -> Bool {
    let attempt = settlement.attempt
    settle.bind(1, settlement.delivery)
    settle.bind(2, settlement.attempts)
    settle.bind(3, state.stored(in: queue))
    settle.bind(4, settlement.outcome.due)
    settle.bind(5, state.isPending ? nil : now)
    settle.bind(6, settlement.outcome.reason?.rawValue)
    settle.bind(7, attempt.startedAt)
    settle.bind(8, attempt.duration)
    settle.bind(9, attempt.status)
    settle.bind(10, attempt.failure?.description)
    settle.bind(11, settlement.countedAttempts)
    settle.bind(12, settlement.probedAt)
    settle.bind(13, revisit)
    settle.bind(14, attempt.peer)
    settle.bind(15, attempt.firstByte)
    try settle.run()
    return connection.changes > 0
  }

  /// The same for nearly all of them: delivered by the first attempt, so that there is less to say.
  func settleAtOnce(_ settlement: Settlement, settledAt now: Timestamp) throws(StoreError) -> Bool {
    settleAtOnce.bind(1, settlement.delivery)
    settleAtOnce.bind(2, now)
    settleAtOnce.bind(3, settlement.attempt.startedAt)
    settleAtOnce.bind(4, settlement.attempt.duration)
    settleAtOnce.bind(5, settlement.attempt.status)
    settleAtOnce.bind(6, settlement.attempt.peer)
    settleAtOnce.bind(7, settlement.attempt.firstByte)
    try settleAtOnce.run()
    return connection.changes > 0
  }

  /// The first failure is kept, and the last nine.
  func insertFailure(_ settlement: Settlement) throws(StoreError) {
    let attempt = settlement.attempt
    insertFailure.bind(1, settlement.delivery)
    insertFailure.bind(2, settlement.attempts)
    insertFailure.bind(3, attempt.startedAt)
    insertFailure.bind(4, attempt.duration)
    insertFailure.bind(5, attempt.status)
    insertFailure.bind(6, attempt.failure?.description)
    insertFailure.bind(7, attempt.keptAnswer)
    insertFailure.bind(8, attempt.peer)
    insertFailure.bind(9, attempt.firstByte)
    insertFailure.bind(10, attempt.evidence?.requestHeaders)
    insertFailure.bind(11, attempt.evidence?.answerHeaders)
    try insertFailure.run()
    guard settlement.attempts > 10 else { return }
    deleteFailure.bind(1, settlement.delivery)
    deleteFailure.bind(2, settlement.attempts - 9)
    try deleteFailure.run()
  }

  /// What settling needs to know of a delivery that nobody holds; nil: it is no longer pending.
  func pending(_ delivery: DeliveryID) throws(StoreError) -> ClaimTable.Entry? {
    pendingByRow.bind(1, delivery)
    guard try pendingByRow.step() else { return nil }
    defer { pendingByRow.reset() }
    return ClaimTable.Entry(
      destination: pendingByRow.row(0), bytes: Int(pendingByRow.integer(1)), received: pendingByRow.time(3),
      orderKey: pendingByRow.text(2), isFresh: false, run: Int(pendingByRow.integer(4)))
  }
}

@available(*, unavailable)
extension SettleStatements: Sendable {}

import RelayCore

/// Every statement of the hot path, prepared once.
///
/// Partial indexes serve only literals: a state is written out, never bound. A test asserts each query's plan.
final class StoreStatements {
  let insertEnvelope: Statement
  let insertEvent: Statement
  let insertDelivery: Statement
  let insertFailure: Statement
  let deleteFailure: Statement
  let settle: Statement
  let envelopeByRow: Statement
  let freshDeliveries: Statement
  let retryingDeliveries: Statement
  let nextDue: Statement
  let deliveryByRow: Statement
  let countFresh: Statement
  let countRetrying: Statement
  let countDead: Statement

  init(_ connection: Connection) throws(StoreError) {
    insertEnvelope = try connection.prepare(
      """
      INSERT INTO envelope (id, source, configuration, received, first_event, accepted, hash, time, token)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      """)
    insertEvent = try connection.prepare(
      """
      INSERT INTO event (id, uuid, envelope, type, raw_type, company, channel, chat, routes, dropped, body)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
      """)
    insertDelivery = try connection.prepare(
      """
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since)
      VALUES (?1, ?2, ?3, ?4, 0, 0, 0, ?5)
      """)
    insertFailure = try connection.prepare(
      """
      INSERT OR REPLACE INTO failure (delivery, attempt, at, duration, status, error, answer)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """)
    deleteFailure = try connection.prepare("DELETE FROM failure WHERE delivery = ?1 AND attempt = ?2")
    settle = try connection.prepare(
      """
      UPDATE delivery SET attempts = ?2, state = ?3, due = ?4, settled = ?5, reason = ?6,
        last_at = ?7, last_duration = ?8, last_status = ?9, last_error = ?10
      WHERE id = ?1 AND state IN (0, 1)
      """)
    envelopeByRow = try connection.prepare(
      "SELECT hash, source, received, first_event, accepted FROM envelope WHERE id = ?1")
    freshDeliveries = try connection.prepare(
      "SELECT id FROM delivery WHERE destination = ?1 AND state = 0 ORDER BY id")
    retryingDeliveries = try connection.prepare(
      "SELECT id FROM delivery WHERE destination = ?1 AND state = 1 AND due <= ?2 ORDER BY due, id")
    nextDue = try connection.prepare(
      "SELECT due, id FROM delivery WHERE destination = ?1 AND state = 1 AND due > ?2 ORDER BY due, id")
    deliveryByRow = try connection.prepare(
      """
      SELECT d.run, d.attempts, d.since, e.envelope, e.uuid, e.type, e.raw_type, e.company, e.channel, e.chat,
        e.body, v.source, v.received, v.time, v.token
      FROM delivery d JOIN event e ON e.id = d.event JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
    countFresh = try connection.prepare(
      "SELECT destination, count(*) FROM delivery WHERE state = 0 GROUP BY destination")
    countRetrying = try connection.prepare(
      "SELECT destination, count(*) FROM delivery WHERE state = 1 GROUP BY destination")
    countDead = try connection.prepare(
      "SELECT destination, count(*) FROM delivery WHERE state = 4 GROUP BY destination")
  }

  var queries: [Statement] {
    [
      envelopeByRow, freshDeliveries, retryingDeliveries, nextDue, deliveryByRow, countFresh, countRetrying,
      countDead, settle, deleteFailure,
    ]
  }
}

@available(*, unavailable)
extension StoreStatements: Sendable {}

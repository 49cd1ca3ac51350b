import RelayCore

/// Every statement of the hot path, prepared once.
///
/// Partial indexes serve only literals: a state is written out, never bound. A test asserts each query's plan.
final class StoreStatements {
  let begin: Statement
  let commit: Statement
  let insertEnvelope: Statement
  let insertEnvelopeLike: Statement
  let insertEvent: Statement
  let insertStraggler: Statement
  let insertDelivery: Statement
  let insertOverflow: Statement
  let insertFailure: Statement
  let deleteFailure: Statement
  let settle: Statement
  let settleAtOnce: Statement
  let setState: Statement
  let list: Statement
  let listRange: Statement
  let setUnlisted: Statement
  let envelopeByRow: Statement
  let eventsWithoutDelivery: Statement
  let rerouteEvent: Statement
  let rerouteEnvelope: Statement
  let freshDeliveries: Statement
  let retryingDeliveries: Statement
  let nextDue: Statement
  let bringIn: Statement
  let headOfKey: Statement
  let pendingByRow: Statement
  let deliveryByRow: Statement
  let eventByRow: Statement

  init(_ connection: Connection) throws(StoreError) {
    begin = try connection.prepare("BEGIN IMMEDIATE")
    commit = try connection.prepare("COMMIT")
    insertEnvelope = try connection.prepare(
      """
      INSERT INTO envelope (id, source, configuration, received, first_event, accepted, hash, time, token, first_row,
        unstored)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
      """)
    insertEnvelopeLike = try connection.prepare(
      """
      INSERT INTO envelope (id, source, configuration, received, first_event, accepted, time, token, first_row)
      SELECT ?1, source, ?2, received, ?3, ?4, time, token, ?5 FROM envelope WHERE id = ?6
      """)
    insertEvent = try connection.prepare(
      """
      INSERT INTO event (id, uuid, envelope, type, raw_type, company, channel, chat, routes, dropped, body,
        first_delivery, deliveries)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
      """)
    insertStraggler = try connection.prepare(
      "INSERT INTO straggler (uuid, event, previous) VALUES (?1, ?2, ?3)")
    insertDelivery = try connection.prepare(
      """
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since, order_key, bytes, arrived)
      VALUES (?1, ?2, ?3, ?4, 0, ?5, 0, ?6, ?7, ?8, ?9)
      """)
    insertOverflow = try connection.prepare(
      """
      INSERT INTO delivery (id, event, destination, route, run, state, attempts, since, bytes, settled, reason, revisit,
        arrived)
      VALUES (?1, ?2, ?3, ?4, 0, 5, 0, ?5, ?6, ?7, \(DiscardReason.overflow.rawValue), ?8, ?9)
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
        last_at = ?7, last_duration = ?8, last_status = ?9, last_error = ?10, counted = ?11, probed = ?12,
        revisit = ?13
      WHERE id = ?1 AND state < 3
      """)
    settleAtOnce = try connection.prepare(
      """
      UPDATE delivery SET attempts = 1, state = 3, settled = ?2, last_at = ?3, last_duration = ?4, last_status = ?5,
        counted = 1
      WHERE id = ?1 AND state < 3
      """)
    setState = try connection.prepare("UPDATE delivery SET state = ?2 WHERE id = ?1")
    list = try connection.prepare("UPDATE delivery SET state = 0 WHERE id = ?1 AND state = -1")
    listRange = try connection.prepare(
      "UPDATE delivery SET state = 0 WHERE id >= ?1 AND id < ?2 AND state = -1 RETURNING id")
    setUnlisted = try connection.prepare("UPDATE unlisted SET first = ?1")
    envelopeByRow = try connection.prepare(
      "SELECT hash, source, received, first_event, accepted, first_row, unstored FROM envelope WHERE id = ?1")
    eventsWithoutDelivery = try connection.prepare(
      "SELECT id, uuid FROM event WHERE id >= ?1 AND id < ?2 AND envelope = ?3 AND deliveries = 0 ORDER BY id"
    )
    rerouteEvent = try connection.prepare(
      """
      UPDATE event SET routes = ?2, dropped = ?3, first_delivery = ?4, deliveries = ?5, configuration = ?6
      WHERE id = ?1
      """)
    rerouteEnvelope = try connection.prepare("UPDATE envelope SET unstored = ?2 WHERE id = ?1")
    freshDeliveries = try connection.prepare(
      "SELECT id FROM delivery WHERE destination = ?1 AND state = 0 AND id >= ?2 ORDER BY id")
    retryingDeliveries = try connection.prepare(
      "SELECT id FROM delivery WHERE destination = ?1 AND state = 1 AND due <= ?2 ORDER BY due, id")
    nextDue = try connection.prepare(
      "SELECT due, id FROM delivery WHERE destination = ?1 AND state = 1 AND due > ?2 ORDER BY due, id")
    bringIn = try connection.prepare(
      """
      UPDATE delivery SET due = ?2 WHERE id IN (
        SELECT id FROM delivery WHERE destination = ?1 AND state = 1 AND due > ?2 ORDER BY due, id LIMIT ?3)
      """)
    headOfKey = try connection.prepare(
      """
      SELECT id, state, due FROM delivery WHERE destination = ?1 AND order_key = ?2 AND state < 3
      ORDER BY id LIMIT 1
      """)
    pendingByRow = try connection.prepare(
      """
      SELECT d.destination, d.bytes, d.order_key, v.received
      FROM delivery d JOIN event e ON e.id = d.event JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1 AND d.state < 3
      """)
    deliveryByRow = try connection.prepare(
      "SELECT event, run, attempts, since, counted, probed, order_key, bytes, due FROM delivery WHERE id = ?1"
    )
    eventByRow = try connection.prepare(
      """
      SELECT e.envelope, e.uuid, e.type, e.raw_type, e.company, e.channel, e.chat, e.body, e.deliveries,
        v.source, v.received, v.time, v.token
      FROM event e JOIN envelope v ON v.id = e.envelope WHERE e.id = ?1
      """)
  }
}

@available(*, unavailable)
extension StoreStatements: Sendable {}

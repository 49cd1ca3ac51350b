import RelayCore

/// What persons' wishes and a changed order take: pages of deliveries, and what is to be known and done of each.
///
/// Pages are read whole before anything of them is changed, and each begins after the last one's end: what they cost
/// does not depend on how much there is.
final class ChangeStatements {
  let pendingPage: Statement
  let deadPage: Statement
  let openPage: Statement
  let deliveryForChange: Statement
  let setOrder: Statement
  let retry: Statement
  let discard: Statement

  /// Fresh ones, and those that have an index for being late, merged by id.
  private static let pending = """
    SELECT id FROM delivery WHERE destination = ?1 AND state = 0 AND id > ?2 AND id <= ?3
    UNION ALL
    SELECT id FROM delivery WHERE destination = ?1 AND (state = 1 OR state = 2) AND id > ?2 AND id <= ?3
    """
  private static let dead = """
    SELECT id FROM delivery WHERE destination = ?1 AND state = 4 AND id > ?2 AND id <= ?3
    """

  init(_ connection: Connection) throws(StoreError) {
    pendingPage = try connection.prepare("\(Self.pending) ORDER BY id LIMIT ?4")
    deadPage = try connection.prepare("\(Self.dead) ORDER BY id LIMIT ?4")
    openPage = try connection.prepare("\(Self.pending) UNION ALL \(Self.dead) ORDER BY id LIMIT ?4")
    deliveryForChange = try connection.prepare(
      """
      SELECT d.destination, d.state, d.due, d.bytes, d.order_key, e.type, e.chat, v.source, v.received
      FROM delivery d JOIN event e ON e.id = d.event JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
    setOrder = try connection.prepare("UPDATE delivery SET order_key = ?2, state = ?3 WHERE id = ?1")
    retry = try connection.prepare(
      """
      UPDATE delivery SET state = ?2, due = ?3, since = ?4, order_key = ?5, counted = 0, settled = NULL,
        reason = NULL
      WHERE id = ?1
      """)
    discard = try connection.prepare(
      """
      UPDATE delivery SET state = 5, due = NULL, settled = ?2, revisit = ?3, reason = \(DiscardReason.person.rawValue)
      WHERE id = ?1
      """)
  }
}

@available(*, unavailable)
extension ChangeStatements: Sendable {}

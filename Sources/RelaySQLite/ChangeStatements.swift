import RelayCore

/// What persons' wishes and a changed order take: pages of deliveries, and what is to be known and done of each.
///
/// Pages are read whole before anything of them is changed, and each begins after the last one's end: what they cost
/// does not depend on how much there is.
final class ChangeStatements {
  let pendingPage: Statement
  let deadPage: Statement
  let openPage: Statement
  let allPage: Statement
  let deliveryForChange: Statement
  let setOrder: Statement
  let retry: Statement
  let discard: Statement

  /// Those of several states, merged by id.
  private static func page(_ states: [DeliveryState]) -> String {
    // Named, since of retrying ones there are two, and only this one has them in order of arrival.
    let pages = states.map {
      """
      SELECT id FROM delivery INDEXED BY delivery_listed
      WHERE destination = ?1 AND state = \($0.rawValue) AND id > ?2 AND id <= ?3
      """
    }
    return pages.joined(separator: " UNION ALL ") + " ORDER BY id LIMIT ?4"
  }

  init(_ connection: Connection) throws(StoreError) {
    pendingPage = try connection.prepare(Self.page([.fresh, .retrying, .waiting]))
    deadPage = try connection.prepare(Self.page([.dead]))
    openPage = try connection.prepare(Self.page([.fresh, .retrying, .waiting, .dead]))
    // Discarded ones stand in no index.
    allPage = try connection.prepare(
      """
      SELECT id, destination, state, reason FROM delivery WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3
      """)
    deliveryForChange = try connection.prepare(
      """
      SELECT d.destination, d.state, d.due, d.bytes, d.order_key, e.type, e.chat, v.source, v.received, d.reason
      FROM delivery d JOIN event e ON e.id = d.event JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
    setOrder = try connection.prepare("UPDATE delivery SET order_key = ?2, state = ?3 WHERE id = ?1")
    retry = try connection.prepare(
      """
      UPDATE delivery SET state = ?2, due = ?3, since = ?4, order_key = ?5, counted = 0, settled = NULL,
        reason = NULL, revisit = NULL
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

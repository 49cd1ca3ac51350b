import RelayCore

/// Every statement of the pruner, prepared once. A test asserts each one's plan.
final class PrunerStatements {
  let settledThen: Statement
  let settledLater: Statement
  let deliveriesOfEvent: Statement
  let routedEvent: Statement
  let envelopeAfter: Statement
  let envelopeOfEvent: Statement
  let eventsWithin: Statement
  let newestEvent: Statement
  let newestEnvelope: Statement
  let eventOfNewestDelivery: Statement
  let deleteFailures: Statement
  let deleteDelivery: Statement
  let deleteEvent: Statement
  let deleteEnvelope: Statement

  init(_ connection: Connection) throws(StoreError) {
    // Two, since SQLite does not go to a pair of values in an index whose second is the row's number.
    settledThen = try connection.prepare(
      """
      SELECT settled, id, event FROM delivery
      WHERE (state = 3 OR state = 5) AND settled = ?1 AND id > ?2 ORDER BY id LIMIT ?3
      """)
    settledLater = try connection.prepare(
      """
      SELECT settled, id, event FROM delivery
      WHERE (state = 3 OR state = 5) AND settled > ?1 ORDER BY settled, id LIMIT ?2
      """)
    deliveriesOfEvent = try connection.prepare(
      """
      SELECT d.id, d.state, d.settled FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries WHERE e.id = ?1
      """)
    routedEvent = try connection.prepare("SELECT 1 FROM event WHERE id = ?1 AND deliveries > 0")
    envelopeAfter = try connection.prepare(
      """
      SELECT id, received, first_event, accepted, hash IS NULL, 0 FROM envelope WHERE id > ?1 ORDER BY id LIMIT 1
      """)
    envelopeOfEvent = try connection.prepare(
      """
      SELECT v.id, v.received, v.first_event, v.accepted, v.hash IS NULL, length(e.body)
      FROM event e JOIN envelope v ON v.id = e.envelope WHERE e.id = ?1
      """)
    eventsWithin = try connection.prepare(
      "SELECT uuid, id FROM event WHERE uuid >= ?1 AND uuid <= ?2 ORDER BY uuid LIMIT ?3")
    newestEvent = try connection.prepare("SELECT max(id) FROM event")
    newestEnvelope = try connection.prepare("SELECT max(id) FROM envelope")
    eventOfNewestDelivery = try connection.prepare("SELECT event FROM delivery ORDER BY id DESC LIMIT 1")
    deleteFailures = try connection.prepare("DELETE FROM failure WHERE delivery = ?1")
    deleteDelivery = try connection.prepare("DELETE FROM delivery WHERE id = ?1")
    deleteEvent = try connection.prepare("DELETE FROM event WHERE id = ?1")
    deleteEnvelope = try connection.prepare("DELETE FROM envelope WHERE id = ?1")
  }

  func newestRows() throws(StoreError) -> NewestRows {
    NewestRows(
      event: try integer(newestEvent), eventOfDelivery: try integer(eventOfNewestDelivery),
      envelope: try integer(newestEnvelope))
  }

  /// The row that a query by one number finds.
  func envelope(_ query: Statement, _ number: Int64) throws(StoreError) -> EnvelopeRow? {
    query.bind(1, number)
    guard try query.step() else { return nil }
    defer { query.reset() }
    return EnvelopeRow(query)
  }

  func events(from first: EventID, through last: EventID, limit: Int) throws(StoreError) -> [(EventID, Int64)]
  {
    eventsWithin.bind(1, first)
    eventsWithin.bind(2, last)
    eventsWithin.bind(3, limit)
    var events: [(EventID, Int64)] = []
    while try eventsWithin.step() {
      events.append((EventID(bytes: eventsWithin.bytes(0)!), eventsWithin.integer(1)))
    }
    return events
  }

  func hasDeliveries(_ event: Int64) throws(StoreError) -> Bool {
    routedEvent.bind(1, event)
    defer { routedEvent.reset() }
    return try routedEvent.step()
  }

  /// Runs a statement that takes one number.
  func run(_ statement: Statement, _ number: Int64) throws(StoreError) {
    statement.bind(1, number)
    try statement.run()
  }

  private func integer(_ query: Statement) throws(StoreError) -> Int64 {
    guard try query.step() else { return 0 }
    defer { query.reset() }
    return query.integer(0)
  }
}

@available(*, unavailable)
extension PrunerStatements: Sendable {}

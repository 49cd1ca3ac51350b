import RelayCore

/// Every statement of the pruner, prepared once. A test asserts each one's plan.
final class PrunerStatements {
  let revisitThen: Statement
  let revisitLater: Statement
  let eventsAfter: Statement
  let deliveriesOfEvent: Statement
  let envelopeAfter: Statement
  let envelopeOfEvent: Statement
  let envelopeFrom: Statement
  let newestEvent: Statement
  let newestEnvelope: Statement
  let eventOfNewestDelivery: Statement
  let deleteFailures: Statement
  let deleteDelivery: Statement
  let deleteStraggler: Statement
  let deleteEvent: Statement
  let deleteEnvelope: Statement

  init(_ connection: Connection) throws(StoreError) {
    // Two, since SQLite does not go to a pair of values in an index whose second is the row's number.
    revisitThen = try connection.prepare(
      "SELECT revisit, id, event FROM delivery WHERE revisit = ?1 AND id > ?2 ORDER BY id LIMIT ?3")
    revisitLater = try connection.prepare(
      "SELECT revisit, id, event FROM delivery WHERE revisit > ?1 ORDER BY revisit, id LIMIT ?2")
    eventsAfter = try connection.prepare(
      """
      SELECT e.id, e.first_delivery + e.deliveries - 1, v.received
      FROM event e CROSS JOIN envelope v ON v.id = e.envelope WHERE e.id > ?1 ORDER BY e.id LIMIT ?2
      """)
    deliveriesOfEvent = try connection.prepare(
      """
      SELECT d.id, d.state, d.settled, d.revisit IS NOT NULL FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries WHERE e.id = ?1
      """)
    envelopeAfter = try connection.prepare(
      "SELECT id, received, first_row, hash IS NULL, 0 FROM envelope WHERE id > ?1 ORDER BY id LIMIT 1")
    envelopeOfEvent = try connection.prepare(
      """
      SELECT v.id, v.received, v.first_row, v.hash IS NULL, length(e.body)
      FROM event e JOIN envelope v ON v.id = e.envelope WHERE e.id = ?1
      """)
    envelopeFrom = try connection.prepare(
      "SELECT envelope FROM event WHERE id >= ?1 ORDER BY id LIMIT 1")
    newestEvent = try connection.prepare("SELECT max(id) FROM event")
    newestEnvelope = try connection.prepare("SELECT max(id) FROM envelope")
    eventOfNewestDelivery = try connection.prepare("SELECT event FROM delivery ORDER BY id DESC LIMIT 1")
    deleteFailures = try connection.prepare("DELETE FROM failure WHERE delivery = ?1")
    deleteDelivery = try connection.prepare("DELETE FROM delivery WHERE id = ?1")
    deleteStraggler = try connection.prepare(
      "DELETE FROM straggler WHERE uuid = (SELECT uuid FROM event WHERE id = ?1) AND event = ?1")
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

  func events(after row: Int64, limit: Int) throws(StoreError) -> [ArrivedEvent] {
    eventsAfter.bind(1, row)
    eventsAfter.bind(2, limit)
    var events: [ArrivedEvent] = []
    while try eventsAfter.step() { events.append(ArrivedEvent(eventsAfter)) }
    return events
  }

  func hasEvents(_ envelope: EnvelopeRow) throws(StoreError) -> Bool {
    guard let first = envelope.firstRow else { return false }
    envelopeFrom.bind(1, first)
    defer { envelopeFrom.reset() }
    return try envelopeFrom.step() && envelopeFrom.integer(0) == envelope.id
  }

  /// Runs a statement that takes one number.
  func run(_ statement: Statement, _ number: Int64) throws(StoreError) {
    statement.bind(1, number)
    try statement.run()
  }

  private func integer(_ query: Statement) throws(StoreError) -> Int64 {
    try query.firstInteger() ?? 0
  }
}

@available(*, unavailable)
extension PrunerStatements: Sendable {}

import RelayCore
import RelayStoring

/// Every statement of the pruner, prepared once. A test asserts each one's plan.
final class PrunerStatements {
  private let eventsAfter: Statement
  private let deliveriesOfEvent: Statement
  private let replaysOfEvent: Statement
  private let envelopeAfter: Statement
  private let envelopeOfEvent: Statement
  private let envelopeFrom: Statement
  private let newestEvent: Statement
  private let newestEnvelope: Statement
  private let eventOfNewestDelivery: Statement
  private let deleteFailures: Statement
  private let deleteDelivery: Statement
  private let deleteReplayed: Statement
  private let deleteStraggler: Statement
  private let deleteEvent: Statement
  private let deleteEnvelope: Statement

  init(_ connection: Connection) throws(StoreError) {
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
    replaysOfEvent = try connection.prepare(
      """
      SELECT d.id, d.state, d.settled, d.revisit IS NOT NULL FROM replayed r
      CROSS JOIN delivery d ON d.id = r.delivery WHERE r.event = ?1
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
    deleteReplayed = try connection.prepare("DELETE FROM replayed WHERE event = ?1")
    deleteStraggler = try connection.prepare(
      "DELETE FROM straggler WHERE uuid = (SELECT uuid FROM event WHERE id = ?1) AND event = ?1")
    deleteEvent = try connection.prepare("DELETE FROM event WHERE id = ?1")
    deleteEnvelope = try connection.prepare("DELETE FROM envelope WHERE id = ?1")
  }

  // MARK: The walks

  func newestRows() throws(StoreError) -> NewestRows {
    NewestRows(
      event: RowID(rawValue: try newestEvent.firstInteger() ?? 0),
      eventOfDelivery: RowID(rawValue: try eventOfNewestDelivery.firstInteger() ?? 0),
      envelope: RowID(rawValue: try newestEnvelope.firstInteger() ?? 0))
  }

  func events(after row: EventRowID, limit: Int) throws(StoreError) -> [ArrivedEvent] {
    eventsAfter.bind(1, row)
    eventsAfter.bind(2, limit)
    var events: [ArrivedEvent] = []
    while try eventsAfter.step() {
      events.append(
        ArrivedEvent(
          row: eventsAfter.row(0), lastDelivery: eventsAfter.optionalInteger(1).map(DeliveryID.init),
          received: eventsAfter.time(2)))
    }
    return events
  }

  // MARK: One event, or envelope

  /// The deliveries of an event, each delivered or discarded; nil: one of them is not.
  func settledDeliveries(of event: EventRowID) throws(StoreError) -> [SettledDelivery]? {
    var deliveries: [SettledDelivery] = []
    for query in [deliveriesOfEvent, replaysOfEvent] {
      query.bind(1, event)
      defer { query.reset() }
      while try query.step() {
        switch DeliveryState(stored: query.integer(1)) {
        case .delivered, .discarded: break
        case .fresh, .retrying, .waiting, .dead, nil: return nil
        }
        deliveries.append(
          SettledDelivery(
            id: query.deliveryID(0), settled: query.time(2), hasEntry: query.integer(3) != 0))
      }
    }
    return deliveries
  }

  /// The next one in order of arrival; its `bodyBytes` are of no event.
  func envelope(after row: EnvelopeRowID) throws(StoreError) -> EnvelopeRow? {
    envelopeAfter.bind(1, row)
    return try envelope(envelopeAfter)
  }

  /// nil: the event is gone.
  func envelope(of event: EventRowID) throws(StoreError) -> EnvelopeRow? {
    envelopeOfEvent.bind(1, event)
    return try envelope(envelopeOfEvent)
  }

  private func envelope(_ query: Statement) throws(StoreError) -> EnvelopeRow? {
    guard try query.step() else { return nil }
    defer { query.reset() }
    return EnvelopeRow(
      id: query.row(0), received: query.time(1), firstRow: query.optionalRow(2),
      hasHash: query.integer(3) == 0,
      bodyBytes: Int(query.integer(4)))
  }

  func hasEvents(_ envelope: EnvelopeRow) throws(StoreError) -> Bool {
    guard let first = envelope.firstRow else { return false }
    envelopeFrom.bind(1, first)
    defer { envelopeFrom.reset() }
    return try envelopeFrom.step() && envelopeFrom.row(0) == envelope.id
  }

  // MARK: Deleting

  /// With its failures.
  func delete(_ delivery: DeliveryID) throws(StoreError) {
    deleteFailures.bind(1, delivery)
    try deleteFailures.run()
    deleteDelivery.bind(1, delivery)
    try deleteDelivery.run()
  }

  /// Its deliveries are gone.
  func delete(_ event: EventRowID) throws(StoreError) {
    deleteReplayed.bind(1, event)
    try deleteReplayed.run()
    deleteStraggler.bind(1, event)
    try deleteStraggler.run()
    deleteEvent.bind(1, event)
    try deleteEvent.run()
  }

  /// Its events are gone.
  func delete(_ envelope: EnvelopeRowID) throws(StoreError) {
    deleteEnvelope.bind(1, envelope)
    try deleteEnvelope.run()
  }
}

@available(*, unavailable)
extension PrunerStatements: Sendable {}

/// An event in the order of arrival.
struct ArrivedEvent {
  var row: EventRowID
  /// nil: no route sent it anywhere.
  var lastDelivery: DeliveryID?
  var received: Timestamp
}

/// A delivery that nobody waits for any more.
struct SettledDelivery {
  var id: DeliveryID
  var settled: Timestamp
  /// It has an entry in `delivery_revisit`.
  var hasEntry: Bool
}

/// What the pruner needs to know of an envelope.
struct EnvelopeRow {
  var id: EnvelopeRowID
  var received: Timestamp
  /// The row of its first event; no other envelope's stand between that and its last. nil: none was stored. What is stored
  /// of it later, when it comes again, has an envelope's row of its own.
  var firstRow: EventRowID?
  var hasHash: Bool
  /// Of the event that led to it.
  var bodyBytes: Int
}

/// The rows with the highest numbers.
struct NewestRows {
  var event = EventRowID(rawValue: 0)
  var eventOfDelivery = EventRowID(rawValue: 0)
  var envelope = EnvelopeRowID(rawValue: 0)

  func holds(event: EventRowID) -> Bool { event == self.event || event == eventOfDelivery }
}

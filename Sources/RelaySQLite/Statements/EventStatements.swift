import Glibc
import RelayCore
import RelayStoring

/// What is written and read of events' rows.
final class EventStatements {
  private let insertEvent: Statement
  private let insertStraggler: Statement
  private let eventsWithoutDelivery: Statement
  private let rerouteEvent: Statement

  init(_ connection: Connection) throws(StoreError) {
    insertEvent = try connection.prepare(
      """
      INSERT INTO event (id, uuid, envelope, type, raw_type, company, channel, chat, routes, dropped, body,
        first_delivery, deliveries)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
      """)
    insertStraggler = try connection.prepare(
      "INSERT INTO straggler (uuid, event, previous) VALUES (?1, ?2, ?3)")
    eventsWithoutDelivery = try connection.prepare(
      """
      SELECT id, uuid FROM event WHERE id >= ?1 AND id < ?2 AND envelope = ?3 AND deliveries = 0
        AND (length(body) > 0 OR erased IS NULL)
      ORDER BY id
      """)
    rerouteEvent = try connection.prepare(
      """
      UPDATE event SET routes = ?2, dropped = ?3, first_delivery = ?4, deliveries = ?5, configuration = ?6,
        body = ?7
      WHERE id = ?1
      """)
  }

  /// - Parameters:
  ///   - routes: The numbers of the routes that matched, separated by spaces.
  ///   - nextDelivery: What its first delivery gets, if it has any: they are inserted right after it.
  func insert(
    _ new: NewEnvelope.NewEvent, as row: EventRowID, envelope: EnvelopeRowID, routes: String,
    nextDelivery: DeliveryID
  ) throws(StoreError) {
    let event = new.event
    insertEvent.bind(1, row)
    insertEvent.bind(2, event.id)
    insertEvent.bind(3, envelope)
    insertEvent.bind(4, event.type)
    insertEvent.bind(5, Self.isSpelledSo(event.type, event.rawType) ? nil : event.rawType)
    insertEvent.bind(6, event.company)
    insertEvent.bind(7, event.channel)
    insertEvent.bind(8, event.chat)
    insertEvent.bind(9, routes)
    insertEvent.bind(10, new.isDropped ? 1 : 0)
    insertEvent.bind(12, new.deliveries.isEmpty ? nil : nextDelivery)
    insertEvent.bind(13, new.deliveries.count)
    try insertEvent.run(lending: event.body, as: 11)
  }

  private static func isSpelledSo(_ type: String, _ raw: [UInt8]) -> Bool {
    var type = type
    return type.withUTF8 { type in
      raw.count == type.count && (raw.isEmpty || memcmp(raw, type.baseAddress!, raw.count) == 0)
    }
  }

  /// - Parameter previous: The row that it comes too late for.
  func insertStraggler(_ id: EventID, row: EventRowID, previous: EventRowID) throws(StoreError) {
    insertStraggler.bind(1, id)
    insertStraggler.bind(2, row)
    insertStraggler.bind(3, previous)
    try insertStraggler.run()
  }

  /// Those of an envelope that never had a delivery. What was erased is none of them: it goes nowhere any more.
  ///
  /// - Parameter first: The row of its first event.
  func eventsWithoutDelivery(
    of envelope: EnvelopeRowID, from first: EventRowID, count: Int
  ) throws(StoreError) -> [(row: EventRowID, id: EventID)] {
    eventsWithoutDelivery.bind(1, first)
    eventsWithoutDelivery.bind(2, first.advanced(by: count))
    eventsWithoutDelivery.bind(3, envelope)
    var events: [(row: EventRowID, id: EventID)] = []
    while try eventsWithoutDelivery.step() {
      events.append((eventsWithoutDelivery.row(0), eventsWithoutDelivery.eventID(1)))
    }
    return events
  }

  /// A stored event without deliveries gets some: they are inserted right after this.
  func reroute(
    _ row: EventRowID, as new: NewEnvelope.NewEvent, routes: String, firstDelivery: DeliveryID,
    configuration: ConfigurationRowID?
  ) throws(StoreError) {
    rerouteEvent.bind(1, row)
    rerouteEvent.bind(2, routes)
    rerouteEvent.bind(3, new.isDropped ? 1 : 0)
    rerouteEvent.bind(4, firstDelivery)
    rerouteEvent.bind(5, new.deliveries.count)
    rerouteEvent.bind(6, configuration)
    // The stored one may be gone by now: what has come again is the same.
    rerouteEvent.bind(7, new.event.body)
    try rerouteEvent.run()
  }
}

@available(*, unavailable)
extension EventStatements: Sendable {}

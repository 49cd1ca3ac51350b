import RelayCore

/// How events and deliveries are read with all that people are told of them: many with each statement. A test asserts each one's plan, by
/// its name here.
struct RecordStatements: Sendable {
  let events: Statement
  let deliveriesOfEvents: Statement
  let deliveries: Statement
  let failures: Statement
  let heads: Statement
  let places: Statement

  init(_ names: TableNames) {
    // In no order that an index has: rows are looked for one by one, and no table is walked through.
    events = Statement(
      name: "event_records",
      sql: """
        SELECT e.id, e.number, e.type, e.raw_type, e.source, e.company, e.channel, e.chat, e.received, e.time, e.trace, e.envelope,
          e.configuration, e.routes, e.dropped, length(e.body), CASE WHEN $2 THEN e.body END,
          CASE WHEN length(e.body) = 0 THEN e.erased END
        FROM unnest($1::uuid[]) AS u(id) JOIN \(names.event) e ON e.id = u.id
        """,
      types: [.uuidArray, .bool])
    deliveriesOfEvents = Statement(
      name: "delivery_records_of_events",
      sql: """
        SELECT \(Self.columns) FROM unnest($1::uuid[]) AS u(id) JOIN \(names.event) e ON e.id = u.id
        CROSS JOIN LATERAL (\(Self.deliveriesOfEvent(names))) d ORDER BY d.id
        """,
      types: [.uuidArray])
    deliveries = Statement(
      name: "delivery_records",
      sql: """
        SELECT \(Self.columns) FROM unnest($1::int8[]) AS u(id) JOIN \(names.delivery) d ON d.id = u.id
        JOIN \(names.event) e ON e.id = d.event ORDER BY d.id + 0
        """,
      types: [.int8Array])
    failures = Statement(
      name: "failure_records",
      sql: """
        SELECT f.delivery, f.attempt, f.at, f.duration, f.status, f.error, f.answer, f.peer, f.first_byte, f.request_headers,
          f.answer_headers
        FROM unnest($1::int8[]) AS u(id) JOIN \(names.failure) f ON f.delivery = u.id ORDER BY f.delivery + 0, f.attempt
        """,
      types: [.int8Array])
    // Of the one that is the first itself there is none; and no day behind it is opened.
    heads = Statement(
      name: "heads_of_keys",
      sql: """
        SELECT u.id, h.id FROM unnest($1::int8[], $2::int4[], $3::text[]) AS u(id, destination, order_key)
        CROSS JOIN LATERAL (\(KeyRead.first(of: names.delivery, "u.destination", "u.order_key", before: "u.id"))) h
        """,
      types: [.int8Array, .int4Array, .textArray])
    places = Statement(
      name: "delivery_places",
      sql: """
        SELECT d.id, d.destination, d.state, d.reason, e.type, e.received, length(e.body) = 0, d.last_at IS NOT NULL, d.last_status,
          d.last_error
        FROM unnest($1::int8[]) AS u(id) JOIN \(names.delivery) d ON d.id = u.id JOIN \(names.event) e ON e.id = d.event
        """,
      types: [.int8Array])
  }

  private static let columns = """
    d.id, d.event, e.type, e.received, d.destination, d.route, e.configuration, d.run, d.state, d.attempts, d.due, d.settled,
      d.reason, d.last_at, d.last_duration, d.last_status, d.last_error, d.order_key, d.last_peer, d.last_first_byte
    """

  /// Those that came with an event, and those of replays. Of a table that is called `e`.
  static func deliveriesOfEvent(_ names: TableNames) -> String {
    """
    SELECT o.* FROM \(names.delivery) o
    WHERE o.id >= e.first_delivery AND o.id < e.first_delivery + ((e.deliveries::int8) << \(CommitBase.slotBits)) AND o.event = e.id
    UNION ALL
    SELECT o.* FROM \(names.replayed) r JOIN \(names.delivery) o ON o.id = r.delivery WHERE r.event = e.id
    """
  }
}

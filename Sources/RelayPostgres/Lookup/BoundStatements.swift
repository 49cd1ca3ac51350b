import RelayCore

/// How rows are found that came at a time. A test asserts each one's plan, by its name here.
struct BoundStatements: Sendable {
  let eventExtent: Statement
  let eventsFrom: Statement
  let deliveryExtent: Statement
  let deliveriesFrom: Statement
  let lateEvents: Statement

  init(_ names: TableNames) {
    eventExtent = Statement(
      name: "event_extent", sql: "SELECT min(number), max(number) FROM \(names.event)")
    // An event that was stored, or routed, later than it came is passed over: it says nothing of its neighbours.
    eventsFrom = Statement(
      name: "events_from",
      sql: """
        SELECT p.number, p.received FROM unnest($1::int8[]) WITH ORDINALITY AS u(at, place)
        LEFT JOIN LATERAL (
          SELECT n.number, n.received FROM (
            SELECT e.number, e.received, e.first_delivery FROM \(names.event) e
            WHERE e.number >= u.at ORDER BY e.number LIMIT 64) n
          WHERE (SELECT d.arrived FROM \(names.delivery) d WHERE d.id = n.first_delivery) IS NULL
          ORDER BY n.number LIMIT 1) p ON true
        ORDER BY u.place
        """,
      types: [.int8Array])
    deliveryExtent = Statement(
      name: "delivery_extent", sql: "SELECT min(id), max(id) FROM \(names.delivery)")
    deliveriesFrom = Statement(
      name: "deliveries_from",
      sql: """
        SELECT p.id, p.arrived FROM unnest($1::int8[]) WITH ORDINALITY AS u(at, place)
        LEFT JOIN LATERAL (
          SELECT d.id, coalesce(d.arrived, d.received) AS arrived FROM \(names.delivery) d
          WHERE d.id >= u.at ORDER BY d.id LIMIT 1) p ON true
        ORDER BY u.place
        """,
      types: [.int8Array])
    lateEvents = Statement(
      name: "late_events",
      sql: """
        SELECT e.number FROM (
          SELECT d.event FROM \(names.delivery) d WHERE d.arrived IS NOT NULL AND d.run = 0 ORDER BY d.id LIMIT $1) l
        JOIN \(names.event) e ON e.id = l.event
        """,
      types: [.int8])
  }
}

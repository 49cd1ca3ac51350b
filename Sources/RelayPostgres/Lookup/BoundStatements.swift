import RelayCore

/// How rows are found that came at a time. A test asserts each one's plan, by its name here.
struct BoundStatements: Sendable {
  let eventExtent: Statement
  let eventsFrom: Statement
  let deliveryExtent: Statement
  let deliveriesFrom: Statement
  let reroutedFrom: Statement
  let replayedFrom: Statement

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
    func later(_ name: String, _ run: String) -> Statement {
      Statement(
        name: name,
        sql: """
          SELECT e.number, l.id FROM (
            SELECT d.event, d.id FROM \(names.delivery) d WHERE d.arrived IS NOT NULL AND d.run \(run) AND d.id >= $1
            ORDER BY d.id LIMIT $2) l
          JOIN \(names.event) e ON e.id = l.event ORDER BY l.id
          """,
        types: [.int8, .int8])
    }
    reroutedFrom = later("rerouted_from", "= 0")
    replayedFrom = later("replayed_from", "> 0")
  }
}

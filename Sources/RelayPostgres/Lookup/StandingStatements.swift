import RelayCore

/// How old what is pending is, and what it waits for: of all destinations. A test asserts each one's plan, by its name here.
struct StandingStatements: Sendable {
  let oldestListed: Statement
  let oldestUnlisted: Statement
  let oldestFresh: Statement
  let firstRetries: Statement
  let waits: Statement

  init(_ names: TableNames) {
    func oldest(_ name: String, _ shelves: String) -> Statement {
      Statement(
        name: name,
        sql: """
          SELECT t.id, p.id, p.received, coalesce(p.arrived, p.received) FROM \(names.destination) t
          CROSS JOIN LATERAL (
            SELECT o.id, o.received, o.arrived FROM unnest('{\(shelves)}'::int2[]) AS s(shelf) CROSS JOIN LATERAL (
              SELECT d.id, d.received, d.arrived FROM \(names.delivery) d
              WHERE d.shelf IS NOT NULL AND (d.destination, d.shelf, d.id) >= (t.id, s.shelf, 0)
                AND (d.destination, d.shelf, d.id) <= (t.id, s.shelf, \(Int64.max))
              ORDER BY d.destination, d.shelf, d.id LIMIT 1) o
            ORDER BY o.id LIMIT 1) p
          """)
    }
    oldestListed = oldest("oldest_listed", "0,1,2")
    oldestFresh = oldest("oldest_fresh", "0")
    oldestUnlisted = Statement(
      name: "oldest_unlisted",
      sql: """
        SELECT DISTINCT ON (d.destination) d.destination, d.id, d.received, coalesce(d.arrived, d.received) FROM \(names.delivery) d
        WHERE d.id >= \(UnlistedRead.first(names)) AND d.state = 0 AND d.shelf IS NULL ORDER BY d.destination, d.id
        """)
    firstRetries = Statement(
      name: "first_retries",
      sql: """
        SELECT t.id, p.due FROM \(names.destination) t CROSS JOIN LATERAL (
          SELECT d.due FROM \(names.delivery) d WHERE d.destination = t.id AND d.shelf = 1 AND d.due IS NOT NULL
          ORDER BY d.due, d.id LIMIT 1) p
        """)
    func count(_ shelf: Int, _ condition: String = "") -> String {
      """
      (SELECT count(*) FROM (
          SELECT 1 FROM \(names.delivery) d WHERE d.destination = t.id AND d.shelf = \(shelf)\(condition) LIMIT $3) c)
      """
    }
    let isLater = " AND d.due > $4"
    waits = Statement(
      name: "pending_waits",
      sql: """
        SELECT t.id, \(count(1, isLater)) + \(count(-3, isLater)), \(count(2)) + \(count(-2)) FROM (
          SELECT id FROM \(names.destination) WHERE id > $1 ORDER BY id LIMIT $2) t
        ORDER BY t.id
        """,
      types: [.int4, .int8, .int8, .int8])
  }
}

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
              WHERE \(ShelfRead.rows("t.id", "s.shelf")) ORDER BY \(ShelfRead.order) LIMIT 1) o
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
          SELECT d.due FROM \(names.delivery) d WHERE \(ShelfRead.due("t.id", "1"))
          ORDER BY \(ShelfRead.orderOfDue) LIMIT 1) p
        """)
    func count(_ condition: String) -> String {
      "(SELECT count(*) FROM (SELECT 1 FROM \(names.delivery) d WHERE \(condition) LIMIT $3) c)"
    }
    func later(_ shelf: Int) -> String {
      count(ShelfRead.due("t.id", "\(shelf)", after: ("$4", "\(Int64.max)")))
    }
    func ordered(_ shelf: Int) -> String { count(ShelfRead.rows("t.id", "\(shelf)")) }
    waits = Statement(
      name: "pending_waits",
      sql: """
        SELECT t.id, \(later(1)) + \(later(-3)), \(ordered(2)) + \(ordered(-2)) FROM (
          SELECT id FROM \(names.destination) WHERE id > $1 ORDER BY id LIMIT $2) t
        ORDER BY t.id
        """,
      types: [.int4, .int8, .int8, .int8])
  }
}

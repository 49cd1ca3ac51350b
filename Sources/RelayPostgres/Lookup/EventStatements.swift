import RelayCore

/// How events are walked along, and looked at as far as a filter needs it. A test asserts each one's plan, by its name here.
struct EventStatements: Sendable {
  let before: Statement
  let from: Statement
  let byID: Statement
  let byNumber: Statement
  let standings: Statement
  let bodies: Statement
  let onShelves: Statement
  let unlisted: Statement
  let shelvesBefore: Statement
  let shelvesFrom: Statement
  let unlistedBefore: Statement
  let unlistedFrom: Statement

  init(_ names: TableNames) {
    let columns = """
      e.id, e.number, e.received, e.source, e.type, e.company, e.channel, e.chat, e.routes, e.dropped, length(e.body)
      """
    func walk(_ name: String, _ order: String) -> Statement {
      Statement(
        name: name,
        sql: """
          SELECT \(columns) FROM \(names.event) e WHERE e.number >= $1 AND e.number < $2 ORDER BY e.number \(order) LIMIT $3
          """,
        types: [.int8, .int8, .int8])
    }
    before = walk("events_newest_first", "DESC")
    from = walk("events_oldest_first", "ASC")
    byID = Statement(
      name: "events_of_ids",
      sql: """
        SELECT \(columns) FROM unnest($1::uuid[]) AS u(id) JOIN \(names.event) e ON e.id = u.id
        WHERE e.number + 0 >= $2 AND e.number + 0 < $3 ORDER BY e.number + 0
        """,
      types: [.uuidArray, .int8, .int8])
    byNumber = Statement(
      name: "events_of_numbers",
      sql: """
        SELECT \(columns) FROM unnest($1::int8[]) AS u(number) JOIN \(names.event) e ON e.number = u.number ORDER BY e.number + 0
        """,
      types: [.int8Array])
    standings = Statement(
      name: "standings_of_events",
      sql: """
        SELECT e.id, d.destination, d.state, d.reason FROM unnest($1::uuid[]) AS u(id) JOIN \(names.event) e ON e.id = u.id
        CROSS JOIN LATERAL (\(RecordStatements.deliveriesOfEvent(names))) d ORDER BY d.id
        """,
      types: [.uuidArray])
    bodies = Statement(
      name: "bodies_of_events",
      sql: """
        SELECT e.id, e.body FROM unnest($1::uuid[]) AS u(id) JOIN \(names.event) e ON e.id = u.id
        """,
      types: [.uuidArray])
    onShelves = Statement(
      name: "events_on_shelves",
      sql: """
        SELECT p.event FROM unnest($1::int4[]) AS l(destination) CROSS JOIN unnest($2::int2[]) AS s(shelf)
        CROSS JOIN LATERAL (
          SELECT d.event FROM \(names.delivery) d WHERE \(ShelfRead.rows("l.destination", "s.shelf"))
          ORDER BY \(ShelfRead.newestFirst) LIMIT $3) p
        LIMIT $3
        """,
      types: [.int4Array, .int2Array, .int8])
    unlisted = Statement(
      name: "unlisted_events",
      sql: """
        SELECT d.event, d.destination FROM \(names.delivery) d
        WHERE d.id >= \(UnlistedRead.first(names)) AND d.state = 0 AND d.shelf IS NULL ORDER BY d.id LIMIT $1
        """,
      types: [.int8])
    func shelves(
      _ name: String, _ rows: String, _ order: String, isWithin: String, _ direction: String
    ) -> Statement {
      Statement(
        name: name,
        sql: """
          SELECT l.place, p.id, p.event FROM unnest($1::int4[], $2::int2[]) WITH ORDINALITY AS l(destination, shelf, place)
          CROSS JOIN LATERAL (
            SELECT d.id, d.event FROM \(names.delivery) d WHERE \(rows) ORDER BY \(order) LIMIT $5) p
          WHERE \(isWithin) ORDER BY l.place, p.id \(direction)
          """,
        types: [.int4Array, .int2Array, .int8, .int8, .int8])
    }
    shelvesBefore = shelves(
      "shelves_newest_first", ShelfRead.rows("l.destination", "l.shelf", upTo: "$4", fromDayOf: "$3"),
      ShelfRead.newestFirst, isWithin: "p.id >= $3", "DESC")
    shelvesFrom = shelves(
      "shelves_oldest_first", ShelfRead.rows("l.destination", "l.shelf", from: "$3"), ShelfRead.order,
      isWithin: "p.id <= $4", "ASC")
    func between(_ name: String, _ order: String) -> Statement {
      Statement(
        name: name,
        sql: """
          SELECT d.id, d.event, d.destination FROM \(names.delivery) d
          WHERE d.id >= \(UnlistedRead.first(names)) AND d.id >= $1 AND d.id <= $2 AND d.state = 0 AND d.shelf IS NULL
          ORDER BY d.id \(order) LIMIT $3
          """,
        types: [.int8, .int8, .int8])
    }
    unlistedBefore = between("unlisted_newest_first", "DESC")
    unlistedFrom = between("unlisted_oldest_first", "ASC")
  }
}

/// An event's row, as far as filters look at it before its body and its deliveries.
struct EventRow {
  var id: EventID
  var number: Int64
  var received: Timestamp
  var source: Int32
  var type: String
  var company: String?
  var channel: String?
  var chat: String?
  var routes: [Int64]
  var isDropped: Bool
  var bodyBytes: Int

  init(_ row: Row) {
    id = row.eventID(0)
    number = row.integer(1)
    received = row.time(2)
    source = row.int32(3)
    type = StoredText.read(row.text(4))
    company = row.optionalText(5).map(StoredText.read)
    channel = row.optionalText(6).map(StoredText.read)
    chat = row.optionalText(7).map(StoredText.read)
    routes = row.integers(8)
    isDropped = row.bool(9)
    bodyBytes = Int(row.int32(10))
  }
}

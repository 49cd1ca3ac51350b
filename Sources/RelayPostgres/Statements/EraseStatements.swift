import RelayCore

/// What an erasure reads and writes.
struct EraseStatements: Sendable {
  private let deliveries: Statement
  private let eraseEvents: Statement
  private let eraseAnswers: Statement

  init(_ names: TableNames) {
    deliveries = Statement(
      name: "deliveries_to_erase",
      sql: """
        SELECT e.id, d.id, d.state FROM unnest($1::uuid[]) WITH ORDINALITY AS u(id, place)
        JOIN \(names.event) e ON e.id = u.id
        LEFT JOIN LATERAL (
          SELECT o.id, o.state FROM \(names.delivery) o
          WHERE o.id >= e.first_delivery AND o.id < e.first_delivery + ((e.deliveries::int8) << 12) AND o.event = e.id
          UNION ALL
          SELECT o.id, o.state FROM \(names.replayed) r JOIN \(names.delivery) o ON o.id = r.delivery
          WHERE r.event = e.id) d ON true
        WHERE NOT (length(e.body) = 0 AND e.erased IS NOT NULL) AND e.id >= $2 AND e.id <= $3 ORDER BY u.place
        """,
      types: [.uuidArray, .uuid, .uuid])
    eraseEvents = Statement(
      name: "erase_events",
      sql: """
        UPDATE \(names.event) e SET body = '', erased = $1 FROM unnest($2::uuid[]) AS u(id)
        WHERE e.id = u.id AND e.id >= $3 AND e.id <= $4
        """,
      types: [.int8, .uuidArray, .uuid, .uuid])
    eraseAnswers = Statement(
      name: "erase_answers",
      sql: """
        UPDATE \(names.failure) f SET answer = NULL, request_headers = NULL, answer_headers = NULL
        FROM unnest($1::int8[]) AS u(id) WHERE f.delivery = u.id AND f.delivery >= $2 AND f.delivery <= $3
        """,
      types: [.int8Array, .int8, .int8])
  }

  /// What there is of an event that is to be erased.
  struct Found {
    var event: EventID
    var deliveries: [DeliveryID] = []
    /// One of them is pending or dead.
    var isOpen = false
  }

  /// Those that there are and were not erased, in this order.
  func find(_ events: [EventID], _ connection: StoreConnection) throws(StoreError) -> [Found] {
    var parameters = Parameters(capacity: 24 * events.count + 64)
    parameters.add(array: events)
    parameters.add(boundsOf: events)
    var found: [Found] = []
    for row in try connection.read(deliveries, parameters) {
      if found.last?.event != row.eventID(0) { found.append(Found(event: row.eventID(0))) }
      guard let delivery = row.optionalInteger(1) else { continue }
      found[found.count - 1].deliveries.append(DeliveryID(rawValue: delivery))
      let state = DeliveryState(rawValue: Int(row.integer(2)))
      if state != .delivered && state != .discarded { found[found.count - 1].isOpen = true }
    }
    return found
  }

  /// Removes what they say, and the answers that were kept of their attempts.
  func erase(_ found: [Found], in commit: PendingCommit) {
    var events = Parameters(capacity: 24 * found.count + 64)
    events.add(commit.now)
    events.add(array: found.lazy.map(\.event))
    events.add(boundsOf: found.lazy.map(\.event))
    commit.add(eraseEvents, events)
    let deliveries = found.flatMap(\.deliveries)
    guard !deliveries.isEmpty else { return }
    var answers = Parameters(capacity: 16 * deliveries.count + 64)
    answers.add(array: deliveries.lazy.map(\.rawValue))
    answers.add(boundsOf: deliveries.lazy.map(\.rawValue))
    commit.add(eraseAnswers, answers)
  }
}

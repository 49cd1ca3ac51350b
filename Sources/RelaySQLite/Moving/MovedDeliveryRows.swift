import RelayCore
import RelayStoring

/// Deliveries from a row on, in order, with what is kept of their failed attempts.
final class MovedDeliveryRows {
  struct Row {
    var row: Int64
    /// The row of its event.
    var event: Int64
    /// It is the first of its event's own.
    var isFirst: Bool
    var delivery: MovedDelivery

    /// It came with its event.
    var isOwn: Bool { delivery.arrivedAt == nil }
  }

  private let query: Statement
  private let failures: Statement
  private let names: MovingNames

  init(_ connection: Connection, _ names: MovingNames) throws(StoreError) {
    self.names = names
    query = try connection.prepare(
      """
      SELECT d.id, d.event, e.first_delivery IS d.id, e.uuid, v.received, d.destination, d.route, d.run, d.state,
        d.attempts, d.counted, d.since, d.due, d.order_key, d.settled, d.reason, d.bytes, d.probed, d.arrived, d.last_at,
        d.last_duration, d.last_status, d.last_error, d.last_peer, d.last_first_byte,
        EXISTS (SELECT 1 FROM replayed r WHERE r.event = d.event AND r.delivery = d.id)
      FROM delivery d LEFT JOIN event e ON e.id = d.event LEFT JOIN envelope v ON v.id = e.envelope
      WHERE d.id > ?1 ORDER BY d.id
      """)
    failures = try connection.prepare(
      """
      SELECT attempt, at, duration, status, error, peer, first_byte, answer, request_headers, answer_headers FROM failure
      WHERE delivery = ?1 ORDER BY attempt
      """)
  }

  /// To be ended with `end`.
  func begin(after row: Int64) { query.bind(1, row) }

  func end() { query.reset() }

  /// nil: there is none any more; it is not to be asked again then.
  func next() throws(StoreError) -> Row? {
    guard try query.step() else { return nil }
    let row = query.integer(0)
    guard !query.isNull(4) else {
      throw .leadsNowhere("the delivery \(row)", "event \(query.integer(1)), or its envelope")
    }
    guard let state = DeliveryState(stored: query.integer(8)) else {
      throw StoreError(
        code: .failing, message: "the delivery \(row) has the state \(query.integer(8)), which is none")
    }
    var delivery = MovedDelivery(
      event: query.eventID(3), destination: try names.destination(query.integer(5)),
      route: try names.route(query.integer(6)), run: Int(query.integer(7)), state: state,
      attempts: Int(query.integer(9)), countedAttempts: Int(query.integer(10)), since: query.time(11),
      receivedAt: query.time(4), due: query.optionalTime(12), orderKey: query.text(13),
      settledAt: query.optionalTime(14), reason: query.optionalInteger(15).map { Int($0) },
      bytes: Int(query.integer(16)), probedAt: query.optionalTime(17), arrivedAt: query.optionalTime(18),
      last: MovedAttempt(
        at: query.optionalTime(19), duration: query.optionalInteger(20),
        status: query.optionalInteger(21).map { Int($0) }, error: query.text(22), peer: query.bytes(23),
        firstByte: query.optionalInteger(24)),
      isReplayed: query.integer(25) != 0)
    delivery.failures = try failures(of: row)
    return Row(
      row: row, event: query.integer(1), isFirst: query.integer(2) != 0, delivery: delivery)
  }

  private func failures(of delivery: Int64) throws(StoreError) -> [MovedFailure] {
    failures.bind(1, delivery)
    var found: [MovedFailure] = []
    while try failures.step() {
      found.append(
        MovedFailure(
          attempt: Int(failures.integer(0)),
          result: MovedAttempt(
            at: failures.time(1), duration: failures.integer(2),
            status: failures.optionalInteger(3).map { Int($0) }, error: failures.text(4),
            peer: failures.bytes(5), firstByte: failures.optionalInteger(6)),
          answer: failures.bytes(7), requestHeaders: failures.bytes(8), answerHeaders: failures.bytes(9)))
    }
    return found
  }
}

@available(*, unavailable)
extension MovedDeliveryRows: Sendable {}

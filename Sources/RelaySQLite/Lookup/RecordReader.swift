import RelayCore
import RelayStoring
import RelayText

/// Reads single events and deliveries, with all that people are told of them. Confined to the thread of its connection.
///
/// What happened when is told by the wall clock, as its history has it. A test asserts each statement's plan.
final class RecordReader {
  private let eventByRow: Statement
  private let routeName: Statement
  private let deliveriesOfEvent: Statement
  private let deliveryByRow: Statement
  private let failures: Statement
  private let headOfKey: Statement
  private let placeByRow: Statement

  init(_ connection: Connection) throws(StoreError) {
    eventByRow = try connection.prepare(
      """
      SELECT e.uuid, e.type, s.name, e.company, e.channel, e.chat, v.received, c.hash, e.routes, e.dropped, e.body,
        e.raw_type, v.time, length(e.body), v.trace, v.first_event, CASE WHEN length(e.body) = 0 THEN e.erased END
      FROM event e CROSS JOIN envelope v ON v.id = e.envelope CROSS JOIN source s ON s.id = v.source
        CROSS JOIN configuration c ON c.id = coalesce(e.configuration, v.configuration)
      WHERE e.id = ?1
      """)
    routeName = try connection.prepare("SELECT name FROM route WHERE id = ?1")
    deliveriesOfEvent = try connection.prepare(
      """
      SELECT d.id FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries WHERE e.id = ?1
      UNION ALL SELECT delivery FROM replayed WHERE event = ?1 ORDER BY 1
      """)
    deliveryByRow = try connection.prepare(
      """
      SELECT d.id, e.uuid, e.type, v.received, t.name, r.name, c.hash, d.run, d.state, d.attempts, d.due, d.settled,
        d.reason, d.last_at, d.last_duration, d.last_status, d.last_error, d.destination, d.order_key, d.last_peer, d.last_first_byte
      FROM delivery d CROSS JOIN event e ON e.id = d.event CROSS JOIN envelope v ON v.id = e.envelope
        CROSS JOIN destination t ON t.id = d.destination CROSS JOIN route r ON r.id = d.route
        CROSS JOIN configuration c ON c.id = coalesce(e.configuration, v.configuration)
      WHERE d.id = ?1
      """)
    failures = try connection.prepare(
      """
      SELECT attempt, at, duration, status, error, answer, peer, first_byte, request_headers, answer_headers
      FROM failure WHERE delivery = ?1 ORDER BY attempt
      """)
    headOfKey = try connection.prepare(
      """
      SELECT id FROM delivery
      WHERE destination = ?1 AND order_key = ?2 AND order_key IS NOT NULL AND state < 3 ORDER BY id LIMIT 1
      """)
    placeByRow = try connection.prepare(
      """
      SELECT d.id, t.name, d.state, d.reason, e.type, v.received, length(e.body), d.last_at IS NOT NULL, d.last_status,
        d.last_error
      FROM delivery d CROSS JOIN destination t ON t.id = d.destination CROSS JOIN event e ON e.id = d.event
        CROSS JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
  }

  // MARK: Events

  /// What is to be read of an event.
  struct Extent {
    var body: Bool
    /// Of its deliveries.
    var failures: Bool

    static let whole = Extent(body: true, failures: true)
  }

  /// The event with all its deliveries; nil: it is gone.
  func event(
    _ row: EventRowID, _ history: ClockHistory, _ extent: Extent = .whole
  ) throws(StoreError) -> EventRecord? {
    guard var event = try eventAlone(row, history, withBody: extent.body) else { return nil }
    for id in try deliveries(of: row) {
      let record =
        extent.failures ? try delivery(id, history) : try deliveryAlone(id, history)?.0
      if let record { event.deliveries.append(record) }
    }
    return event
  }

  func deliveries(of event: EventRowID) throws(StoreError) -> [DeliveryID] {
    deliveriesOfEvent.bind(1, event)
    var ids: [DeliveryID] = []
    while try deliveriesOfEvent.step() { ids.append(deliveriesOfEvent.deliveryID(0)) }
    return ids
  }

  private func eventAlone(
    _ row: EventRowID, _ history: ClockHistory, withBody: Bool
  ) throws(StoreError) -> EventRecord? {
    let query = eventByRow
    query.bind(1, row)
    defer { query.reset() }
    guard try query.step() else { return nil }
    var event = EventRecord(
      id: query.eventID(0), place: EventCursor(rawValue: row.rawValue), type: query.text(1)!,
      rawType: query.bytes(11), source: query.text(2)!, company: query.text(3), channel: query.text(4),
      chat: query.text(5), receivedAt: history.wall(at: query.time(6)), envelopeTime: query.bytes(12),
      configuration: query.text(7)!, routes: try routeNames(query.text(8)!), isDropped: query.integer(9) != 0,
      body: withBody ? query.bytes(10)! : [], bodyBytes: Int(query.integer(13)),
      erasedAt: query.optionalTime(16).map(history.wall(at:)), deliveries: [])
    event.trace = StoredTrace.read(query.bytes(14), firstEvent: query.eventID(15))
    return event
  }

  /// - Parameter numbers: Separated by spaces.
  private func routeNames(_ numbers: String) throws(StoreError) -> [String] {
    var names: [String] = []
    for number in numbers.split(separator: " ") {
      routeName.bind(1, Int64(number))
      defer { routeName.reset() }
      names.append(try routeName.step() ? routeName.text(0)! : "#\(number)")
    }
    return names
  }

  // MARK: Deliveries

  /// nil: it is gone, or does not fit.
  func delivery(
    _ id: DeliveryID, _ history: ClockHistory, where fits: (DeliveryRecord) -> Bool = { _ in true }
  ) throws(StoreError) -> DeliveryRecord? {
    guard let (found, key) = try deliveryAlone(id, history), fits(found) else { return nil }
    var record = found
    record.failures = try failures(of: id, history)
    if record.state == .waiting, let key, let head = try head(of: key), head != id { record.waitsFor = head }
    return record
  }

  /// What the delivery waits with for its turn.
  private struct Key {
    var destination: DestinationRowID
    var text: String
  }

  private func deliveryAlone(
    _ id: DeliveryID, _ history: ClockHistory
  ) throws(StoreError) -> (DeliveryRecord, Key?)? {
    let query = deliveryByRow
    query.bind(1, id)
    defer { query.reset() }
    guard try query.step() else { return nil }
    let state = DeliveryState(stored: query.integer(8)) ?? .fresh
    var record = DeliveryRecord(
      id: query.deliveryID(0), event: query.eventID(1), type: query.text(2)!,
      receivedAt: history.wall(at: query.time(3)), destination: query.text(4)!, route: query.text(5)!,
      configuration: query.text(6)!, run: Int(query.integer(7)), state: state, attempts: Int(query.integer(9))
    )
    record.add(
      due: query.optionalTime(10).map(history.wall(at:)),
      settled: query.optionalTime(11).map(history.wall(at:)),
      reason: query.optionalInteger(12).map { Int($0) })
    if let at = query.optionalTime(13) {
      record.lastAttempt = DeliveryRecord.LastAttempt(
        at: history.wall(at: at), duration: .microseconds(query.integer(14)),
        status: query.optionalInteger(15).map { Int($0) }, error: query.text(16))
      record.lastAttempt?.peer = query.peer(19)
      record.lastAttempt?.firstByte = query.optionalDuration(20)
    }
    return (record, query.text(18).map { Key(destination: query.row(17), text: $0) })
  }

  private func failures(
    of id: DeliveryID, _ history: ClockHistory
  ) throws(StoreError) -> [DeliveryRecord.Failure] {
    let query = failures
    query.bind(1, id)
    defer { query.reset() }
    var found: [DeliveryRecord.Failure] = []
    while try query.step() {
      var failure = DeliveryRecord.Failure(
        attempt: Int(query.integer(0)), at: history.wall(at: query.time(1)),
        duration: .microseconds(query.integer(2)), status: query.optionalInteger(3).map { Int($0) },
        error: query.text(4), answer: query.bytes(5))
      failure.peer = query.peer(6)
      failure.firstByte = query.optionalDuration(7)
      failure.evidence = AttemptEvidence(
        requestHeaders: query.bytes(8), answerHeaders: query.bytes(9))
      found.append(failure)
    }
    return found
  }

  private func head(of key: Key) throws(StoreError) -> DeliveryID? {
    headOfKey.bind(1, key.destination)
    headOfKey.bind(2, key.text)
    return try headOfKey.firstInteger().map(DeliveryID.init)
  }

  // MARK: Places

  /// nil: it is gone, or in a state that only a later version knows.
  func place(_ id: DeliveryID) throws(StoreError) -> PlaceRow? {
    let query = placeByRow
    query.bind(1, id)
    defer { query.reset() }
    guard try query.step(), let state = DeliveryState(stored: query.integer(2)) else { return nil }
    return PlaceRow(
      id: query.deliveryID(0), destination: query.text(1)!, state: state,
      storedReason: query.optionalInteger(3).map { Int($0) }, type: query.text(4)!, received: query.time(5),
      isErased: query.integer(6) == 0, wasAttempted: query.integer(7) != 0,
      lastStatus: query.optionalInteger(8).map { Int($0) }, lastError: query.text(9))
  }
}

@available(*, unavailable)
extension RecordReader: Sendable {}

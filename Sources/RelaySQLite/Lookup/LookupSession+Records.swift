import RelayCore

extension LookupSession {
  /// The event with all its deliveries, as they stood at one time.
  func event(_ id: EventID) throws(StoreError) -> EventRecord? {
    // They are few, as many as there are destinations: this is soon over.
    try begin()
    defer { end() }
    guard let row = try search.row(of: id), var event = try eventRow(row) else { return nil }
    statements.deliveriesOfEvent.bind(1, row)
    for row in try numbers(statements.deliveriesOfEvent) {
      if let record = try delivery(row) { event.deliveries.append(record) }
    }
    return event
  }

  private func eventRow(_ row: Int64) throws(StoreError) -> EventRecord? {
    let query = statements.eventByRow
    query.bind(1, row)
    defer { query.reset() }
    guard try query.step() else { return nil }
    return EventRecord(
      id: EventID(bytes: query.bytes(0)!), type: query.text(1)!, source: query.text(2)!,
      company: query.text(3), channel: query.text(4), chat: query.text(5),
      receivedAt: time(query, 6)!, configuration: query.text(7)!,
      routes: try routeNames(query.text(8)!), isDropped: query.integer(9) != 0, body: query.bytes(10)!,
      deliveries: [])
  }

  /// - Parameter numbers: Separated by spaces.
  private func routeNames(_ numbers: String) throws(StoreError) -> [String] {
    var names: [String] = []
    for number in numbers.split(separator: " ") {
      statements.routeName.bind(1, Int64(number))
      defer { statements.routeName.reset() }
      names.append(try statements.routeName.step() ? statements.routeName.text(0)! : "#\(number)")
    }
    return names
  }

  /// nil: it is gone, or does not fit.
  func delivery(
    _ row: Int64, where fits: (DeliveryRecord) -> Bool = { _ in true }
  ) throws(StoreError) -> DeliveryRecord? {
    guard let (found, key) = try deliveryRow(row), fits(found) else { return nil }
    var record = found
    record.failures = try failures(row)
    if record.state == .waiting, let key, let head = try head(of: key), head != row {
      record.waitsFor = DeliveryID(rawValue: head)
    }
    return record
  }

  private struct OrderKey {
    var destination: Int64
    var key: String
  }

  private func deliveryRow(_ row: Int64) throws(StoreError) -> (DeliveryRecord, OrderKey?)? {
    let query = statements.deliveryByRow
    query.bind(1, row)
    defer { query.reset() }
    guard try query.step() else { return nil }
    let state = DeliveryState(stored: query.integer(8)) ?? .fresh
    var record = DeliveryRecord(
      id: DeliveryID(rawValue: query.integer(0)), event: EventID(bytes: query.bytes(1)!),
      type: query.text(2)!,
      receivedAt: time(query, 3)!, destination: query.text(4)!,
      route: query.text(5)!,
      configuration: query.text(6)!, run: Int(query.integer(7)), state: state, attempts: Int(query.integer(9))
    )
    let reason = query.optionalInteger(12).map { Int($0) }
    switch state {
    case .fresh: break
    case .retrying, .waiting: record.due = time(query, 10)
    case .delivered: record.settledAt = time(query, 11)
    case .dead:
      record.settledAt = time(query, 11)
      record.deathReason = reason.flatMap(DeathReason.init)
    case .discarded:
      record.settledAt = time(query, 11)
      record.discardReason = reason.flatMap(DiscardReason.init)
    }
    record.failureCount = record.attempts - (state == .delivered ? 1 : 0)
    if let at = time(query, 13) {
      record.lastAttempt = DeliveryRecord.LastAttempt(
        at: at, duration: .microseconds(query.integer(14)),
        status: query.optionalInteger(15).map { Int($0) }, error: query.text(16))
    }
    return (record, query.text(18).map { OrderKey(destination: query.integer(17), key: $0) })
  }

  private func failures(_ row: Int64) throws(StoreError) -> [DeliveryRecord.Failure] {
    let query = statements.failures
    query.bind(1, row)
    defer { query.reset() }
    var failures: [DeliveryRecord.Failure] = []
    while try query.step() {
      failures.append(
        DeliveryRecord.Failure(
          attempt: Int(query.integer(0)), at: time(query, 1)!,
          duration: .microseconds(query.integer(2)), status: query.optionalInteger(3).map { Int($0) },
          error: query.text(4), answer: query.bytes(5)))
    }
    return failures
  }

  /// What the wall clock showed, or will show, at the time that a column holds.
  private func time(_ row: Statement, _ column: Int32) -> Timestamp? {
    row.optionalInteger(column).map { history.wall(at: Timestamp(microseconds: $0)) }
  }

  private func head(of key: OrderKey) throws(StoreError) -> Int64? {
    statements.headOfKey.bind(1, key.destination)
    statements.headOfKey.bind(2, key.key)
    return try numbers(statements.headOfKey).first
  }
}

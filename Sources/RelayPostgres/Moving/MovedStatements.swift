import RelayCore
import RelayStoring

/// How what was moved is read back, in order of arrival and in pages, as the values that the origin gave.
struct MovedStatements {
  private let events: Statement
  private let deliveries: Statement
  private let failures: Statement
  private let envelopes: Statement
  private let audit: Statement
  private let gaps: Statement
  private let tokens: Statement
  private let clock: Statement
  private let steps: Statement
  private let replays: Statement
  private let eventUpTo: Statement
  private let numberOf: Statement
  private let books: Statement

  init(_ names: TableNames) {
    events = Statement(
      name: "moved_events",
      sql: """
        SELECT number, id, envelope, received, source, configuration, time, token, trace, type, raw_type, company, channel, chat,
          routes, dropped, deliveries, erased, body
        FROM \(names.event) WHERE number > $1 ORDER BY number LIMIT $2
        """,
      types: [.int8, .int8])
    deliveries = Statement(
      name: "moved_deliveries",
      sql: """
        SELECT d.id, d.event, d.destination, d.route, d.run, d.state, d.attempts, d.counted, d.since, d.received, d.due,
          d.order_key, d.settled, d.reason, d.bytes, d.probed, d.arrived, d.last_at, d.last_duration, d.last_status,
          d.last_error, d.last_peer, d.last_first_byte,
          EXISTS (SELECT FROM \(names.replayed) r WHERE r.event = d.event AND r.delivery = d.id)
        FROM \(names.delivery) d WHERE d.id > $1 ORDER BY d.id LIMIT $2
        """,
      types: [.int8, .int8])
    failures = Statement(
      name: "moved_failures",
      sql: """
        SELECT f.delivery, f.attempt, f.at, f.duration, f.status, f.error, f.peer, f.first_byte, f.answer, f.request_headers,
          f.answer_headers
        FROM unnest($1::int8[]) AS u(id) JOIN \(names.failure) f ON f.delivery = u.id
        WHERE f.delivery >= $2 AND f.delivery <= $3 ORDER BY f.delivery + 0, f.attempt
        """,
      types: [.int8Array, .int8, .int8])
    envelopes = Statement(
      name: "moved_envelopes",
      sql: """
        SELECT first, source, configuration, received, accepted, is_complete, hash, unstored, trace, number
        FROM \(names.envelope) WHERE number > $1 ORDER BY number LIMIT $2
        """,
      types: [.int8, .int8])
    audit = Statement(
      name: "moved_audit",
      sql: """
        SELECT id, at, who, role, what, target, reason, outcome, count FROM \(names.audit) WHERE id > $1 ORDER BY id LIMIT $2
        """,
      types: [.int8, .int8])
    gaps = Statement(
      name: "moved_gaps",
      sql: """
        SELECT g.kind, s.name, g.began, g.ended, g.count, g.reason FROM \(names.gap) g
        LEFT JOIN \(names.source) s ON s.id = g.source ORDER BY g.kind, g.began, g.source
        """)
    tokens = Statement(
      name: "moved_tokens", sql: "SELECT source, salt, hash, learned FROM \(names.learnedToken)")
    clock = Statement(
      name: "moved_clock",
      sql: "SELECT boot, since_boot, steady FROM \(names.clock) WHERE slot = \(NumberedPage.slot)")
    steps = Statement(
      name: "moved_clock_steps",
      sql: """
        SELECT steady, ahead FROM \(names.clockStep) WHERE slot = \(NumberedPage.slot) ORDER BY steady
        """)
    replays = Statement(
      name: "moved_replays", sql: "SELECT \(ReplayRow.columns) FROM \(names.replay) ORDER BY id")
    eventUpTo = Statement(
      name: "moved_event_up_to",
      sql: "SELECT id FROM \(names.event) WHERE number <= $1 ORDER BY number DESC LIMIT 1", types: [.int8])
    numberOf = Statement(
      name: "moved_number", sql: "SELECT number FROM \(names.event) WHERE id = $1", types: [.uuid])
    books = BookStatements(names).allBooks
  }

  /// What a page is asked for with: the last one before it, and how many it may have.
  private static func page(after last: Int64, _ limit: Int) -> Parameters {
    var parameters = Parameters()
    parameters.add(last)
    parameters.add(Int64(limit))
    return parameters
  }

  // MARK: What has arrived

  /// - Returns: With the number of the last one; none: that was all.
  func events(
    after number: Int64, limit: Int, _ names: MoveNames, _ ask: MoveConnection
  ) throws(StoreError) -> (events: [MovedEvent], last: Int64) {
    let rows = try ask.run(events, Self.page(after: number, limit))
    let found = rows.map { row in
      MovedEvent(
        id: row.eventID(1), envelope: row.eventID(2), receivedAt: row.time(3),
        source: names.sources.names[row.int32(4)] ?? "",
        configuration: names.configurations.names[row.int32(5)] ?? "", time: row.optionalBytes(6),
        token: row.optionalBytes(7), trace: row.optionalBytes(8), type: StoredText.read(row.text(9)),
        rawType: row.optionalBytes(10), company: row.optionalText(11).map(StoredText.read),
        channel: row.optionalText(12).map(StoredText.read), chat: row.optionalText(13).map(StoredText.read),
        routes: row.integers(14).map { names.routes.names[Int32(truncatingIfNeeded: $0)] ?? "" },
        isDropped: row.bool(15), deliveries: Int(row.int32(16)), erasedAt: row.optionalTime(17),
        body: row.bytes(18))
    }
    return (found, found.isEmpty ? number : rows[rows.count - 1].integer(0))
  }

  /// - Returns: With the number of the last one; none: that was all.
  func deliveries(
    after id: Int64, limit: Int, _ names: MoveNames, _ ask: MoveConnection
  ) throws(StoreError) -> (deliveries: [MovedDelivery], last: Int64) {
    let rows = try ask.run(deliveries, Self.page(after: id, limit))
    guard rows.count > 0 else { return ([], id) }
    let ids = rows.map { $0.integer(0) }
    var kept = try failures(of: ids, ask)
    let found = rows.map { row in
      var delivery = Self.delivery(row, names)
      delivery.failures = kept.removeValue(forKey: row.integer(0)) ?? []
      return delivery
    }
    return (found, ids[ids.count - 1])
  }

  private static func delivery(_ row: Row, _ names: MoveNames) -> MovedDelivery {
    // One that is none stands for itself in what is compared.
    let state = DeliveryState(rawValue: Int(row.integer(5))) ?? .discarded
    return MovedDelivery(
      event: row.eventID(1), destination: names.destinations.names[row.int32(2)] ?? "",
      route: names.routes.names[row.int32(3)] ?? "", run: Int(row.int32(4)), state: state,
      attempts: Int(row.int32(6)), countedAttempts: Int(row.int32(7)), since: row.time(8),
      receivedAt: row.time(9), due: row.optionalTime(10),
      orderKey: row.optionalText(11).map(StoredText.read), settledAt: row.optionalTime(12),
      reason: row.optionalInteger(13).map { Int($0) }, bytes: Int(row.int32(14)),
      probedAt: row.optionalTime(15), arrivedAt: row.optionalTime(16),
      last: MovedAttempt(
        at: row.optionalTime(17), duration: row.optionalInteger(18),
        status: row.optionalInteger(19).map { Int($0) },
        error: row.optionalText(20).map(StoredText.read), peer: row.optionalBytes(21),
        firstByte: row.optionalInteger(22)), isReplayed: row.bool(23))
  }

  private func failures(
    of deliveries: [Int64], _ ask: MoveConnection
  ) throws(StoreError) -> [Int64: [MovedFailure]] {
    var parameters = Parameters(capacity: 16 * deliveries.count + 64)
    parameters.add(array: deliveries)
    parameters.add(boundsOf: deliveries)
    var found: [Int64: [MovedFailure]] = [:]
    for row in try ask.run(failures, parameters) {
      found[row.integer(0), default: []].append(
        MovedFailure(
          attempt: Int(row.int32(1)),
          result: MovedAttempt(
            at: row.time(2), duration: row.integer(3), status: row.optionalInteger(4).map { Int($0) },
            error: row.optionalText(5).map(StoredText.read), peer: row.optionalBytes(6),
            firstByte: row.optionalInteger(7)),
          answer: row.optionalBytes(8), requestHeaders: row.optionalBytes(9),
          answerHeaders: row.optionalBytes(10)))
    }
    return found
  }

  /// A page of them, in order.
  ///
  /// - Returns: Also the number of the last one.
  func envelopes(
    after number: Int64, limit: Int, _ names: MoveNames, _ ask: MoveConnection
  ) throws(StoreError) -> (envelopes: [MovedEnvelope], last: Int64) {
    var last = number
    let envelopes = try ask.run(envelopes, Self.page(after: number, limit)).map { row in
      last = row.integer(9)
      return MovedEnvelope(
        first: row.eventID(0), source: names.sources.names[row.int32(1)] ?? "",
        configuration: names.configurations.names[row.int32(2)] ?? "", receivedAt: row.time(3),
        accepted: Int(row.int32(4)), isComplete: row.bool(5), hash: row.bytes(6),
        unstored: row.optionalBytes(7), trace: row.optionalBytes(8))
    }
    return (envelopes, last)
  }

  // MARK: All else

  func audit(after id: AuditID, limit: Int, _ ask: MoveConnection) throws(StoreError) -> [MovedAudit] {
    return try ask.run(audit, Self.page(after: id.rawValue, limit)).map { row in
      MovedAudit(
        id: AuditID(rawValue: row.integer(0)),
        entry: AuditEntry(
          at: row.time(1), who: StoredText.read(row.text(2)), role: StoredText.read(row.text(3)),
          what: StoredText.read(row.text(4)), target: StoredText.read(row.text(5)),
          reason: row.optionalText(6).map(StoredText.read)),
        outcome: row.optionalText(7).map(StoredText.read), count: row.optionalInteger(8).map { Int($0) })
    }
  }

  func state(_ names: MoveNames, _ ask: MoveConnection) throws(StoreError) -> MovedState {
    var state = MovedState(
      sources: names.sources.all, routes: names.routes.all, configurations: names.configurations.all,
      destinations: try ask.run(books).map { BookStatements.destination($0).1 }, tokens: [:],
      gaps: try gaps(ask), clock: try clock(ask))
    for row in try ask.run(tokens) {
      state.tokens[StoredText.read(row.text(0))] = LearnedToken(
        salt: row.bytes(1), hash: row.bytes(2), learnedAt: row.time(3))
    }
    return state
  }

  private func gaps(_ ask: MoveConnection) throws(StoreError) -> [Gap] {
    try ask.run(gaps).compactMap { row in
      Gap.Kind(rawValue: Int(row.int32(0))).map { kind in
        Gap(
          kind: kind, source: row.optionalText(1), began: row.time(2), ended: row.time(3),
          count: Int(row.integer(4)), reason: StoredText.read(row.text(5)))
      }
    }
  }

  private func clock(_ ask: MoveConnection) throws(StoreError) -> KeptClock? {
    guard let row = try ask.run(clock).first else { return nil }
    let history = try ask.run(steps).map {
      ClockHistory.Step(from: $0.time(0), offset: .microseconds($0.integer(1)))
    }
    return KeptClock(
      boot: row.optionalText(0), sinceBoot: .microseconds(row.integer(1)), steady: row.time(2),
      history: ClockHistory(history))
  }

  /// With cursors that are the same in every store: `StoreOrigin.replays`.
  func replays(_ ask: MoveConnection) throws(StoreError) -> [Replay] {
    var moved: [Replay] = []
    for row in try ask.run(replays) {
      moved.append(
        try ReplayRow.replay(row).moved { cursor throws(StoreError) in
          guard let number = Int64(cursor) else { return cursor }
          var parameters = Parameters()
          parameters.add(number)
          return try ask.run(eventUpTo, parameters).first.map { "\($0.eventID(0))" }
        })
    }
    return moved
  }

  /// The place of an event in this store, as a cursor; nil: it is not there.
  func cursor(of event: EventID, _ ask: MoveConnection) throws(StoreError) -> String? {
    var parameters = Parameters()
    parameters.add(event)
    return try ask.run(numberOf, parameters).first.map { String($0.integer(0)) }
  }
}

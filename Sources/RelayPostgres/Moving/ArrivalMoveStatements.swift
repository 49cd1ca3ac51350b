import RelayCore
import RelayStoring

/// How events, deliveries, envelopes and what is of them are inserted with the numbers that they get here: many rows with each statement,
/// by the whole tables, which find each row's day.
struct ArrivalMoveStatements {
  private let insertEvents: Statement
  private let insertDeliveries: Statement
  private let insertFailures: Statement
  private let insertReplayed: Statement
  private let insertEnvelopes: Statement
  private let setFirsts: Statement

  init(_ names: TableNames) {
    insertEvents = Statement(
      name: "move_events",
      sql: """
        INSERT INTO \(names.event) (id, number, slot, envelope, source, configuration, received, time, token, trace, type,
          raw_type, company, channel, chat, routes, dropped, first_delivery, deliveries, erased, kept, body)
        SELECT u.id, u.number, \(NumberedPage.slot), u.envelope, u.source, u.configuration, u.received, u.time, u.token,
          u.trace, u.type, u.raw_type, u.company, u.channel, u.chat, u.routes::int4[], u.dropped, u.first, u.deliveries,
          u.erased, u.kept, u.body
        FROM unnest($1::uuid[], $2::int8[], $3::uuid[], $4::int4[], $5::int4[], $6::int8[], $7::bytea[], $8::bytea[],
          $9::bytea[], $10::text[], $11::bytea[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bool[],
          $17::int8[], $18::int4[], $19::int8[], $20::bool[], $21::bytea[])
          AS u(id, number, envelope, source, configuration, received, time, token, trace, type, raw_type, company, channel,
            chat, routes, dropped, first, deliveries, erased, kept, body)
        """,
      types: [
        .uuidArray, .int8Array, .uuidArray, .int4Array, .int4Array, .int8Array, .byteaArray, .byteaArray,
        .byteaArray, .textArray, .byteaArray, .textArray, .textArray, .textArray, .textArray, .boolArray,
        .int8Array, .int4Array, .int8Array, .boolArray, .byteaArray,
      ])
    insertDeliveries = Statement(
      name: "move_deliveries",
      sql: """
        INSERT INTO \(names.delivery) (id, slot, event, destination, route, run, state, shelf, attempts, counted, since,
          received, due, settled, reason, bytes, probed, arrived, order_key, last_at, last_duration, last_status, last_error,
          last_peer, last_first_byte, kept)
        SELECT u.id, \(NumberedPage.slot), u.event, u.destination, u.route, u.run, u.state,
          CASE WHEN u.state = 3 THEN NULL WHEN u.state < 3 AND u.run > 0 THEN u.state - 4 ELSE u.state END, u.attempts,
          u.counted, u.since, u.received, CASE WHEN u.state = 4 THEN u.settled ELSE u.due END, u.settled, u.reason, u.bytes,
          u.probed, u.arrived, u.order_key, u.last_at, u.last_duration, u.last_status, u.last_error, u.last_peer,
          u.last_first_byte, u.kept
        FROM unnest($1::int8[], $2::uuid[], $3::int4[], $4::int4[], $5::int4[], $6::int2[], $7::int4[], $8::int4[],
          $9::int8[], $10::int8[], $11::int8[], $12::int8[], $13::int2[], $14::int4[], $15::int8[], $16::int8[],
          $17::text[], $18::int8[], $19::int8[], $20::int4[], $21::text[], $22::bytea[], $23::int8[], $24::bool[])
          AS u(id, event, destination, route, run, state, attempts, counted, since, received, due, settled, reason, bytes,
            probed, arrived, order_key, last_at, last_duration, last_status, last_error, last_peer, last_first_byte, kept)
        """,
      types: [
        .int8Array, .uuidArray, .int4Array, .int4Array, .int4Array, .int2Array, .int4Array, .int4Array,
        .int8Array, .int8Array, .int8Array, .int8Array, .int2Array, .int4Array, .int8Array, .int8Array,
        .textArray, .int8Array, .int8Array, .int4Array, .textArray, .byteaArray, .int8Array, .boolArray,
      ])
    insertFailures = Statement(
      name: "move_failures",
      sql: """
        INSERT INTO \(names.failure) (delivery, attempt, at, duration, status, error, answer, peer, first_byte,
          request_headers, answer_headers, kept)
        SELECT * FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::int8[], $5::int4[], $6::text[], $7::bytea[],
          $8::bytea[], $9::int8[], $10::bytea[], $11::bytea[], $12::bool[])
        """,
      types: [
        .int8Array, .int4Array, .int8Array, .int8Array, .int4Array, .textArray, .byteaArray, .byteaArray,
        .int8Array, .byteaArray, .byteaArray, .boolArray,
      ])
    insertReplayed = Statement(
      name: "move_replayed",
      sql: "INSERT INTO \(names.replayed) (event, delivery) SELECT * FROM unnest($1::uuid[], $2::int8[])",
      types: [.uuidArray, .int8Array])
    insertEnvelopes = Statement(
      name: "move_envelopes",
      sql: """
        INSERT INTO \(names.envelope) (first, slot, number, source, configuration, received, accepted, is_complete, hash,
          unstored, trace)
        SELECT u.first, \(NumberedPage.slot), u.number, u.source, u.configuration, u.received, u.accepted, u.is_complete,
          u.hash, u.unstored, u.trace
        FROM unnest($1::uuid[], $2::int8[], $3::int4[], $4::int4[], $5::int8[], $6::int4[], $7::bool[], $8::bytea[],
          $9::bytea[], $10::bytea[])
          AS u(first, number, source, configuration, received, accepted, is_complete, hash, unstored, trace)
        """,
      types: [
        .uuidArray, .int8Array, .int4Array, .int4Array, .int8Array, .int4Array, .boolArray, .byteaArray,
        .byteaArray, .byteaArray,
      ])
    setFirsts = Statement(
      name: "move_first_deliveries",
      sql: """
        UPDATE \(names.event) e SET first_delivery = u.first FROM unnest($1::uuid[], $2::int8[]) AS u(id, first)
        WHERE e.id = u.id AND e.id >= $3 AND e.id <= $4
        """,
      types: [.uuidArray, .int8Array, .uuid, .uuid])
  }

  // MARK: What has arrived

  /// - Throws: `failing`, where a name was not moved.
  func insert(
    _ page: NumberedPage, _ names: MoveNames, into pipeline: inout Pipeline
  ) throws(StoreError) {
    if !page.events.isEmpty { try insert(page.events, names, &pipeline) }
    guard !page.deliveries.isEmpty else { return }
    try insert(page.deliveries, names, &pipeline)
    insertFailures(of: page.deliveries, &pipeline)
    let replayed = page.deliveries.filter(\.delivery.isReplayed)
    if !replayed.isEmpty {
      var parameters = Parameters(capacity: 48 * replayed.count + 64)
      parameters.add(array: replayed.lazy.map(\.delivery.event))
      parameters.add(array: replayed.lazy.map(\.id))
      pipeline.add(insertReplayed, parameters)
    }
    if !page.firsts.isEmpty {
      var parameters = Parameters(capacity: 48 * page.firsts.count + 64)
      parameters.add(array: page.firsts.lazy.map(\.event))
      parameters.add(array: page.firsts.lazy.map(\.delivery))
      parameters.add(boundsOf: page.firsts.lazy.map(\.event))
      pipeline.add(setFirsts, parameters)
    }
  }

  private func insert(
    _ rows: [NumberedPage.EventRow], _ names: MoveNames, _ pipeline: inout Pipeline
  ) throws(StoreError) {
    var sources: [Int32] = []
    var configurations: [Int32] = []
    var routes: [String] = []
    for row in rows {
      sources.append(try names.sources[row.event.source])
      configurations.append(try names.configurations[row.event.configuration])
      guard let numbers = names.rows(ofRoutes: row.event.routes) else { throw .unknownName("a route") }
      routes.append(numbers)
    }
    let bodies = rows.reduce(0) { $0 + $1.event.body.count }
    var parameters = Parameters(capacity: bodies + 320 * rows.count + 512)
    parameters.add(array: rows.lazy.map(\.event.id))
    parameters.add(array: rows.lazy.map(\.number))
    parameters.add(array: rows.lazy.map(\.event.envelope))
    parameters.add(array: sources)
    parameters.add(array: configurations)
    parameters.add(array: rows.lazy.map(\.event.receivedAt))
    parameters.add(array: rows.lazy.map(\.event.time))
    parameters.add(array: rows.lazy.map(\.event.token))
    parameters.add(array: rows.lazy.map(\.event.trace))
    parameters.add(array: rows.lazy.map { StoredText.written($0.event.type) })
    parameters.add(array: rows.lazy.map(\.event.rawType))
    parameters.add(array: rows.lazy.map { $0.event.company.map(StoredText.written) })
    parameters.add(array: rows.lazy.map { $0.event.channel.map(StoredText.written) })
    parameters.add(array: rows.lazy.map { $0.event.chat.map(StoredText.written) })
    parameters.add(array: routes)
    parameters.add(array: rows.lazy.map(\.event.isDropped))
    parameters.add(array: rows.lazy.map(\.firstDelivery))
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.event.deliveries) })
    parameters.add(array: rows.lazy.map(\.event.erasedAt))
    parameters.add(array: rows.lazy.map(\.isKept))
    parameters.add(array: rows.lazy.map(\.event.body))
    pipeline.add(insertEvents, parameters)
  }

  private func insert(
    _ rows: [NumberedPage.DeliveryRow], _ names: MoveNames, _ pipeline: inout Pipeline
  ) throws(StoreError) {
    var destinations: [Int32] = []
    var routes: [Int32] = []
    for row in rows {
      destinations.append(try names.destinations[row.delivery.destination])
      routes.append(try names.routes[row.delivery.route])
    }
    var parameters = Parameters(capacity: 320 * rows.count + 512)
    parameters.add(array: rows.lazy.map(\.id))
    parameters.add(array: rows.lazy.map(\.delivery.event))
    parameters.add(array: destinations)
    parameters.add(array: routes)
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.delivery.run) })
    parameters.add(array: rows.lazy.map { Int16($0.delivery.state.rawValue) })
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.delivery.attempts) })
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.delivery.countedAttempts) })
    parameters.add(array: rows.lazy.map(\.delivery.since))
    parameters.add(array: rows.lazy.map(\.delivery.receivedAt))
    parameters.add(array: rows.lazy.map(\.delivery.due))
    parameters.add(array: rows.lazy.map(\.delivery.settledAt))
    parameters.add(array: rows.lazy.map { $0.delivery.reason.map { Int16(clamping: $0) } })
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.delivery.bytes) })
    parameters.add(array: rows.lazy.map(\.delivery.probedAt))
    parameters.add(array: rows.lazy.map(\.delivery.arrivedAt))
    parameters.add(array: rows.lazy.map { $0.delivery.orderKey.map(StoredText.written) })
    parameters.add(array: rows.lazy.map(\.delivery.last.at))
    parameters.add(array: rows.lazy.map(\.delivery.last.duration))
    parameters.add(array: rows.lazy.map { $0.delivery.last.status.map { Int32(clamping: $0) } })
    parameters.add(array: rows.lazy.map { $0.delivery.last.error.map(StoredText.written) })
    parameters.add(array: rows.lazy.map(\.delivery.last.peer))
    parameters.add(array: rows.lazy.map(\.delivery.last.firstByte))
    parameters.add(array: rows.lazy.map(\.isKept))
    pipeline.add(insertDeliveries, parameters)
  }

  private func insertFailures(of deliveries: [NumberedPage.DeliveryRow], _ pipeline: inout Pipeline) {
    let rows = deliveries.flatMap { row in
      row.delivery.failures.map { (id: row.id, isKept: row.isKept, failure: $0) }
    }
    guard !rows.isEmpty else { return }
    var parameters = Parameters(capacity: 2_048 * rows.count + 512)
    parameters.add(array: rows.lazy.map { $0.id })
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.failure.attempt) })
    parameters.add(array: rows.lazy.map { $0.failure.result.at ?? .epoch })
    parameters.add(array: rows.lazy.map { $0.failure.result.duration ?? 0 })
    parameters.add(array: rows.lazy.map { $0.failure.result.status.map { Int32(clamping: $0) } })
    parameters.add(array: rows.lazy.map { $0.failure.result.error.map(StoredText.written) })
    parameters.add(array: rows.lazy.map { $0.failure.answer })
    parameters.add(array: rows.lazy.map { $0.failure.result.peer })
    parameters.add(array: rows.lazy.map { $0.failure.result.firstByte })
    parameters.add(array: rows.lazy.map { $0.failure.requestHeaders })
    parameters.add(array: rows.lazy.map { $0.failure.answerHeaders })
    parameters.add(array: rows.lazy.map { $0.isKept })
    pipeline.add(insertFailures, parameters)
  }

  // MARK: Envelopes

  /// - Parameter ticks: Of each.
  func insert(
    _ envelopes: [MovedEnvelope], at ticks: [Int64], _ names: MoveNames, into pipeline: inout Pipeline
  ) throws(StoreError) {
    var sources: [Int32] = []
    var configurations: [Int32] = []
    for envelope in envelopes {
      sources.append(try names.sources[envelope.source])
      configurations.append(try names.configurations[envelope.configuration])
    }
    var parameters = Parameters(capacity: 160 * envelopes.count + 512)
    parameters.add(array: envelopes.lazy.map(\.first))
    parameters.add(array: ticks.lazy.map { CommitBase.number($0, slot: NumberedPage.slot) })
    parameters.add(array: sources)
    parameters.add(array: configurations)
    parameters.add(array: envelopes.lazy.map(\.receivedAt))
    parameters.add(array: envelopes.lazy.map { Int32(clamping: $0.accepted) })
    parameters.add(array: envelopes.lazy.map(\.isComplete))
    parameters.add(array: envelopes.lazy.map(\.hash))
    parameters.add(array: envelopes.lazy.map(\.unstored))
    parameters.add(array: envelopes.lazy.map(\.trace))
    pipeline.add(insertEnvelopes, parameters)
  }
}

extension MoveNames.Table {
  /// - Throws: `failing`: it was not moved.
  fileprivate subscript(name: String) -> Int32 {
    get throws(StoreError) {
      guard let row = rows[name] else { throw .unknownName("\"\(name)\"") }
      return row
    }
  }
}

extension StoreError {
  fileprivate static func unknownName(_ name: String) -> StoreError {
    StoreError(
      code: .failing,
      message:
        "the store that is moved names \(name), which its own list of names does not have; `huggy-relay store verify` "
        + "says all that is wrong with it")
  }
}

import RelayCore

/// How envelopes, events and deliveries are inserted: many rows with each statement.
///
/// In all these files: what a statement takes and gives has the types of the domain, and no column's place is known outside of the
/// file in which the statement stands. A test asserts each one's plan, by its name here.
struct AppendStatements: Sendable {
  private let insertEnvelopes: Statement
  private let insertEvents: Statement
  private let rerouteEvents: Statement
  private let insertDeliveries: Statement
  private let insertOrdered: Statement
  private let waitingOnes: Statement

  /// - Parameter day: Of the events, or of the numbers; nil: not sure.
  init(_ names: TableNames, of day: Day? = nil) {
    let of = names.of(day)
    insertEnvelopes = Statement(
      name: "insert_envelopes\(of.suffix)",
      sql: """
        \(CommitBase.cte)
        INSERT INTO \(of.envelope) (first, slot, number, source, configuration, received, accepted, is_complete, hash,
          unstored, trace)
        SELECT u.first, $2, ((base.tick + u.place - 1) << 12) | $2, u.source, u.configuration, u.received, u.accepted,
          u.is_complete, u.hash, u.unstored, u.trace
        FROM base, unnest($3::uuid[], $4::int4[], $5::int4[], $6::int8[], $7::int4[], $8::bool[], $9::bytea[], $10::bytea[],
          $11::bytea[])
          WITH ORDINALITY AS u(first, source, configuration, received, accepted, is_complete, hash, unstored, trace, place)
        """,
      types: [
        .int8, .int2, .uuidArray, .int4Array, .int4Array, .int8Array, .int4Array, .boolArray, .byteaArray,
        .byteaArray, .byteaArray,
      ])
    insertEvents = Statement(
      name: "insert_events\(of.suffix)",
      sql: """
        \(CommitBase.cte)
        INSERT INTO \(of.event) (id, number, slot, envelope, source, configuration, received, time, token, trace, type,
          raw_type, company, channel, chat, routes, dropped, first_delivery, deliveries, body)
        SELECT u.id, ((base.tick + u.place - 1) << 12) | $2, $2, u.envelope, u.source, u.configuration, u.received, u.time,
          u.token, u.trace, u.type, u.raw_type, u.company, u.channel, u.chat, u.routes::int4[], u.dropped,
          ((base.tick + u.first) << 12) | $2, u.deliveries, u.body
        FROM base, unnest($3::uuid[], $4::uuid[], $5::int4[], $6::int4[], $7::int8[], $8::bytea[], $9::bytea[], $10::bytea[],
          $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bool[], $18::int4[], $19::int4[],
          $20::bytea[])
          WITH ORDINALITY AS u(id, envelope, source, configuration, received, time, token, trace, type, raw_type, company,
            channel, chat, routes, dropped, first, deliveries, body, place)
        """,
      types: [
        .int8, .int2, .uuidArray, .uuidArray, .int4Array, .int4Array, .int8Array, .byteaArray, .byteaArray,
        .byteaArray, .textArray, .byteaArray, .textArray, .textArray, .textArray, .textArray, .boolArray,
        .int4Array, .int4Array, .byteaArray,
      ])
    rerouteEvents = Statement(
      name: "reroute_events",
      sql: """
        \(CommitBase.cte)
        UPDATE \(names.event) e SET routes = u.routes::int4[], dropped = u.dropped, configuration = u.configuration,
          first_delivery = ((base.tick + u.first) << 12) | $2, deliveries = u.deliveries, body = u.body
        FROM base, unnest($3::uuid[], $4::text[], $5::bool[], $6::int4[], $7::int4[], $8::int4[], $9::bytea[])
          AS u(id, routes, dropped, configuration, first, deliveries, body)
        WHERE e.id = u.id AND e.id >= $10 AND e.id <= $11
        """,
      types: [
        .int8, .int2, .uuidArray, .textArray, .boolArray, .int4Array, .int4Array, .int4Array, .byteaArray,
        .uuid, .uuid,
      ])
    insertDeliveries = Statement(
      name: "insert_deliveries\(of.suffix)",
      sql: """
        \(CommitBase.cte)
        INSERT INTO \(of.delivery) (id, slot, event, destination, route, run, state, shelf, attempts, counted, since,
          received, settled, reason, bytes, arrived)
        SELECT ((base.tick + u.place) << 12) | $2, $2, u.event, u.destination, u.route, $3,
          CASE u.shelf WHEN 5 THEN 5 ELSE 0 END, u.shelf, 0, 0, u.since, u.received, CASE u.shelf WHEN 5 THEN $4 END,
          CASE u.shelf WHEN 5 THEN \(DiscardReason.overflow.rawValue) END, u.bytes, u.arrived
        FROM base, unnest($5::int4[], $6::uuid[], $7::int4[], $8::int4[], $9::int2[], $10::int8[], $11::int8[], $12::int4[],
          $13::int8[]) AS u(place, event, destination, route, shelf, since, received, bytes, arrived)
        """,
      types: [
        .int8, .int2, .int4, .int8, .int4Array, .uuidArray, .int4Array, .int4Array, .int2Array, .int8Array,
        .int8Array, .int4Array, .int8Array,
      ])
    insertOrdered = Statement(
      name: "insert_ordered_deliveries\(of.suffix)",
      sql: """
        \(CommitBase.cte), new AS (
          INSERT INTO \(of.delivery) (id, slot, event, destination, route, run, state, shelf, attempts, counted, since,
            received, bytes, arrived, order_key)
          SELECT ((base.tick + u.place) << 12) | $2, $2, u.event, u.destination, u.route, $3, s.state,
            CASE $3 WHEN 0 THEN s.state ELSE s.state - 4 END, 0, 0, u.since, u.received, u.bytes, u.arrived, u.order_key
          FROM base, unnest($4::int4[], $5::uuid[], $6::int4[], $7::int4[], $8::int8[], $9::int8[], $10::int4[], $11::int8[],
            $12::text[], $13::bool[])
            AS u(place, event, destination, route, since, received, bytes, arrived, order_key, follows)
          LEFT JOIN LATERAL (
            SELECT 2 AS state FROM \(names.delivery) e
            WHERE NOT u.follows AND \(KeyRead.rows("u.destination", "u.order_key", from: "$14"))
            ORDER BY \(KeyRead.order) LIMIT 1) w ON true
          CROSS JOIN LATERAL (SELECT CASE WHEN u.follows THEN 2 ELSE coalesce(w.state, 0) END AS state) s
          RETURNING id, state)
        SELECT id FROM new WHERE state = 2
        """,
      types: [
        .int8, .int2, .int4, .int4Array, .uuidArray, .int4Array, .int4Array, .int8Array, .int8Array,
        .int4Array, .int8Array, .textArray, .boolArray, .int8,
      ])
    waitingOnes = Statement(
      name: "waiting_deliveries",
      sql: """
        SELECT d.id FROM unnest($1::int8[]) AS u(id) JOIN \(names.delivery) d ON d.id = u.id
        WHERE d.state = 2 AND d.id >= $2 AND d.id <= $3
        """,
      types: [.int8Array, .int8, .int8])
  }

  // MARK: Envelopes

  /// An envelope by which one that comes again is told.
  struct EnvelopeRow: Equatable {
    var known: KnownEnvelope
    var configuration: Int32
    /// 32 bytes.
    var hash: [UInt8]
  }

  func insert(_ rows: [EnvelopeRow], into commit: PendingCommit) {
    var parameters = commit.parameters(capacity: 128 * rows.count)
    parameters.add(array: rows.lazy.map(\.known.firstEventID))
    parameters.add(array: rows.lazy.map(\.known.source))
    parameters.add(array: rows.lazy.map(\.configuration))
    parameters.add(array: rows.lazy.map(\.known.receivedAt))
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.known.acceptedCount) })
    parameters.add(array: rows.lazy.map(\.known.isComplete))
    parameters.add(array: rows.lazy.map(\.hash))
    parameters.add(array: rows.lazy.map { $0.known.unstored.isEmpty ? nil : $0.known.unstored })
    parameters.add(array: rows.lazy.map(\.known.trace))
    commit.add(insertEnvelopes, parameters)
  }

  // MARK: Events

  /// An event to be stored, or a stored one that is routed anew.
  struct EventRow {
    var event: Event
    /// When its envelope was, where that came before.
    var receivedAt: Timestamp
    /// The first id of its envelope.
    var envelope: EventID
    var source: Int32
    var configuration: Int32
    /// Row numbers as an array's text: `{1,2}`.
    var routes: String
    var isDropped: Bool
    /// The place of its first delivery among those of the commit; nil: it has none.
    var firstDelivery: Int32?
    var deliveries: Int32
  }

  /// - Parameter rows: All of the day, if there is one.
  func insert(_ rows: some Collection<EventRow>, into commit: PendingCommit) {
    let bodies = rows.reduce(0) { $0 + $1.event.body.count }
    var parameters = commit.parameters(capacity: bodies + 320 * rows.count)
    parameters.add(array: rows.lazy.map(\.event.id))
    parameters.add(array: rows.lazy.map(\.envelope))
    parameters.add(array: rows.lazy.map(\.source))
    parameters.add(array: rows.lazy.map(\.configuration))
    parameters.add(array: rows.lazy.map(\.receivedAt))
    parameters.add(array: rows.lazy.map(\.event.envelope.time))
    parameters.add(array: rows.lazy.map(\.event.envelope.token))
    parameters.add(
      array: rows.lazy.map { StoredTrace.bytes(of: $0.event.envelope.trace, firstEvent: $0.envelope) })
    parameters.add(array: rows.lazy.map { StoredText.written($0.event.type) })
    parameters.add(
      array: rows.lazy.map { $0.event.rawType.elementsEqual($0.event.type.utf8) ? nil : $0.event.rawType })
    parameters.add(array: rows.lazy.map { $0.event.company.map(StoredText.written) })
    parameters.add(array: rows.lazy.map { $0.event.channel.map(StoredText.written) })
    parameters.add(array: rows.lazy.map { $0.event.chat.map(StoredText.written) })
    parameters.add(array: rows.lazy.map(\.routes))
    parameters.add(array: rows.lazy.map(\.isDropped))
    parameters.add(array: rows.lazy.map(\.firstDelivery))
    parameters.add(array: rows.lazy.map(\.deliveries))
    parameters.add(array: rows.lazy.map(\.event.body))
    commit.add(insertEvents, parameters)
  }

  /// Stored events without a delivery get some. The stored body may be gone by now: what has come again is the same.
  func reroute(_ rows: [EventRow], in commit: PendingCommit) {
    var parameters = commit.parameters(capacity: rows.reduce(256) { $0 + $1.event.body.count + 96 })
    parameters.add(array: rows.lazy.map(\.event.id))
    parameters.add(array: rows.lazy.map(\.routes))
    parameters.add(array: rows.lazy.map(\.isDropped))
    parameters.add(array: rows.lazy.map(\.configuration))
    parameters.add(array: rows.lazy.map(\.firstDelivery))
    parameters.add(array: rows.lazy.map(\.deliveries))
    parameters.add(array: rows.lazy.map(\.event.body))
    parameters.add(boundsOf: rows.lazy.map(\.event.id))
    commit.add(rerouteEvents, parameters)
  }

  // MARK: Deliveries

  /// What every delivery's row holds from the start.
  struct DeliveryRow {
    /// Among the deliveries of the commit, from 0: in order of arrival.
    var place: Int32
    var event: EventID
    var destination: Int32
    var route: Int32
    var run: Int32 = 0
    /// nil: it is found on none, since its lane has it. Of those without an order key.
    var shelf: Int16?
    /// By the destination's service time.
    var since: Timestamp
    var receivedAt: Timestamp
    /// What it counts in the books.
    var bytes: Int32
    /// If that is later than its event's arrival; nil: with it.
    var arrivedAt: Timestamp?
    var orderKey: String?
    /// One that comes before it in the same commit has its order key, too.
    var follows = false
  }

  /// Those without an order key, all of one run.
  ///
  /// - Parameter now: When those are settled that are discarded as they arrive.
  func insert(_ rows: [DeliveryRow], run: Int32, settledAt now: Timestamp, into commit: PendingCommit) {
    var parameters = commit.parameters(capacity: 96 * rows.count + 256)
    parameters.add(run)
    parameters.add(now)
    parameters.add(array: rows.lazy.map(\.place))
    parameters.add(array: rows.lazy.map(\.event))
    parameters.add(array: rows.lazy.map(\.destination))
    parameters.add(array: rows.lazy.map(\.route))
    parameters.add(array: rows.lazy.map(\.shelf))
    parameters.add(array: rows.lazy.map(\.since))
    parameters.add(array: rows.lazy.map(\.receivedAt))
    parameters.add(array: rows.lazy.map(\.bytes))
    parameters.add(array: rows.lazy.map(\.arrivedAt))
    commit.add(insertDeliveries, parameters)
  }

  /// Those with an order key: one that another comes before waits.
  ///
  /// - Parameter waiting: Given the ids of those, before all that is added after this is told.
  func insertOrdered(
    _ rows: [DeliveryRow], run: Int32, into commit: PendingCommit, waiting: @escaping ([DeliveryID]) -> Void
  ) {
    var parameters = commit.parameters(capacity: 128 * rows.count + 256)
    parameters.add(run)
    parameters.add(array: rows.lazy.map(\.place))
    parameters.add(array: rows.lazy.map(\.event))
    parameters.add(array: rows.lazy.map(\.destination))
    parameters.add(array: rows.lazy.map(\.route))
    parameters.add(array: rows.lazy.map(\.since))
    parameters.add(array: rows.lazy.map(\.receivedAt))
    parameters.add(array: rows.lazy.map(\.bytes))
    parameters.add(array: rows.lazy.map(\.arrivedAt))
    parameters.add(array: rows.lazy.map { StoredText.written($0.orderKey ?? "") })
    parameters.add(array: rows.lazy.map(\.follows))
    parameters.add(commit.keys.first)
    let again = {
      var asked = Parameters(capacity: 16 * rows.count + 64)
      asked.add(array: rows.lazy.map { commit.delivery(at: $0.place).rawValue })
      asked.add(boundsOf: rows.lazy.map { commit.delivery(at: $0.place).rawValue })
      return (waitingOnes, asked)
    }
    commit.add(insertOrdered, parameters, again: again) { rows in
      waiting((0..<rows.count).map { DeliveryID(rawValue: rows[$0].integer(0)) })
    }
  }
}

/// What a trace's column holds: nothing where the trace is the one that the envelope's first event makes, as of nearly all.
enum StoredTrace {
  static func bytes(of trace: TraceParent?, firstEvent: EventID) -> [UInt8]? {
    guard let trace, trace != TraceParent(madeFor: firstEvent) else { return nil }
    return trace.bytes
  }

  static func read(_ bytes: [UInt8]?, firstEvent: EventID) -> TraceParent {
    bytes.flatMap(TraceParent.init(bytes:)) ?? TraceParent(madeFor: firstEvent)
  }
}

import RelayCore
import RelayStoring

/// What persons' wishes and a changed order take: pages of deliveries, and what is to be known and done of each.
///
/// Pages are read whole before anything of them is changed, and each begins after the last one's end: what they cost does not depend on how
/// much there is.
struct ChangeStatements: Sendable {
  private let page: Statement
  private let byID: Statement
  private let demote: Statement
  private let retry: Statement
  private let discard: Statement
  private let reorder: Statement
  private let states: Statement

  init(_ names: TableNames) {
    let columns = """
      d.id, d.destination, d.state, d.due, d.bytes, d.order_key, d.reason, d.run, d.last_at IS NOT NULL, d.last_status,
        d.received, e.type, e.chat, e.source, length(e.body) > 0
      """
    page = Statement(
      name: "change_page",
      sql: """
        SELECT \(columns) FROM (
          SELECT p.* FROM unnest($2::int2[]) AS s(shelf) CROSS JOIN LATERAL (
            SELECT * FROM \(names.delivery) d
            WHERE \(ShelfRead.rows("$1", "s.shelf", from: "$3")) ORDER BY \(ShelfRead.order) LIMIT $5) p
          WHERE p.id <= $4 ORDER BY p.id LIMIT $5) d
        JOIN \(names.event) e ON e.id = d.event ORDER BY d.id
        """,
      types: [.int4, .int2Array, .int8, .int8, .int8])
    byID = Statement(
      name: "change_by_id",
      sql: """
        SELECT \(columns) FROM unnest($1::int8[]) AS u(id) JOIN \(names.delivery) d ON d.id = u.id
        JOIN \(names.event) e ON e.id = d.event WHERE d.id >= $2 AND d.id <= $3 ORDER BY d.id + 0
        """,
      types: [.int8Array, .int8, .int8])
    demote = Statement(
      name: "demote",
      sql: """
        UPDATE \(names.delivery) d SET state = 2, shelf = CASE WHEN d.run > 0 THEN -2 ELSE 2 END FROM (
          SELECT h.id FROM unnest($1::int4[], $2::text[], $3::int8[]) AS k(destination, order_key, before)
          CROSS JOIN LATERAL (
            SELECT e.id FROM \(names.delivery) e
            WHERE \(KeyRead.rows("k.destination", "k.order_key", from: "$4")) ORDER BY \(KeyRead.order) LIMIT 1) h
          WHERE h.id > k.before) h
        WHERE d.id = h.id
        """,
      types: [.int4Array, .textArray, .int8Array, .int8])
    retry = Statement(
      name: "retry",
      sql: """
        UPDATE \(names.delivery) d SET state = s.state, shelf = CASE WHEN d.run > 0 THEN s.state - 4 ELSE s.state END,
          due = $1, since = $2, order_key = u.order_key, counted = 0, settled = NULL, reason = NULL
        FROM unnest($3::int8[], $4::text[]) AS u(id, order_key)
        CROSS JOIN LATERAL (SELECT CASE WHEN u.order_key IS NULL THEN 1 ELSE 2 END AS state) s
        WHERE d.id = u.id AND d.state > 3 AND d.id >= $5 AND d.id <= $6
        """,
      types: [.int8, .int8, .int8Array, .textArray, .int8, .int8])
    discard = Statement(
      name: "discard",
      sql: """
        UPDATE \(names.delivery) d SET state = 5, shelf = 5, due = NULL, order_key = NULL, settled = $1, reason = $2
        FROM unnest($3::int8[]) AS u(id)
        WHERE d.id = u.id AND d.state <> 3 AND d.state <> 5 AND d.id >= $4 AND d.id <= $5
        """,
      types: [.int8, .int2, .int8Array, .int8, .int8])
    reorder = Statement(
      name: "reorder",
      sql: """
        UPDATE \(names.delivery) d SET order_key = u.order_key, state = s.state,
          shelf = CASE WHEN d.run > 0 THEN s.state - 4 ELSE s.state END
        FROM (
          SELECT u.*, w.id IS NOT NULL AS waits
          FROM unnest($2::int8[], $3::text[], $4::bool[], $5::int8[]) AS u(id, order_key, follows, due)
          LEFT JOIN LATERAL (
            \(KeyRead.first(of: names.delivery, "$1", "u.order_key", from: "$8", before: "u.id"))) w ON true) u
        CROSS JOIN LATERAL (
          SELECT CASE WHEN u.follows OR u.waits THEN 2 WHEN u.due IS NULL THEN 0 ELSE 1 END AS state) s
        WHERE d.id = u.id AND d.state < 3 AND d.id >= $6 AND d.id <= $7 RETURNING d.id, d.run, d.state
        """,
      types: [.int4, .int8Array, .textArray, .boolArray, .int8Array, .int8, .int8, .int8])
    states = Statement(
      name: "states",
      sql: """
        SELECT d.id, d.run, d.state FROM unnest($1::int8[]) AS u(id) JOIN \(names.delivery) d ON d.id = u.id
        WHERE d.id >= $2 AND d.id <= $3
        """,
      types: [.int8Array, .int8, .int8])
  }

  // MARK: Reading

  /// The next deliveries of some shelves, in order of arrival.
  func page(
    _ shelves: [Int16], of destination: DestinationRowID, after: DeliveryID, upTo end: DeliveryID, limit: Int,
    source: (Int32) -> String, _ connection: StoreConnection
  ) throws(StoreError) -> [ChangeableDelivery] {
    var parameters = Parameters()
    parameters.add(Int32(destination.rawValue))
    parameters.add(array: shelves)
    parameters.add(after.next.rawValue)
    parameters.add(end.rawValue)
    parameters.add(Int64(limit))
    return try connection.read(page, parameters).map { ChangeableDelivery($0, source: source) }
  }

  /// In order of arrival; those that there are.
  func deliveries(
    _ ids: [DeliveryID], source: (Int32) -> String, _ connection: StoreConnection
  ) throws(StoreError) -> [ChangeableDelivery] {
    var parameters = Parameters(capacity: 12 * ids.count + 64)
    parameters.add(array: ids.lazy.map(\.rawValue))
    parameters.add(boundsOf: ids.lazy.map(\.rawValue))
    return try connection.read(byID, parameters).map { ChangeableDelivery($0, source: source) }
  }

  // MARK: Writing

  /// Those become pending. One with an order key waits at first: whose turn it is is to be found after it.
  ///
  /// - Parameters:
  ///   - due: When the next attempt is.
  ///   - since: By the destination's service time.
  func retry(
    _ deliveries: [(id: DeliveryID, key: OrderKey?)], due: Timestamp, since: Timestamp,
    in commit: PendingCommit
  ) {
    var firsts: [OrderKey: DeliveryID] = [:]
    commit.keys.lower(to: deliveries.lazy.filter { $0.key != nil }.map(\.id))
    for (id, key) in deliveries {
      if let key { firsts[key] = min(firsts[key] ?? id, id) }
    }
    if !firsts.isEmpty {
      let keys = Array(firsts)
      var parameters = Parameters()
      parameters.add(array: keys.lazy.map { Int32($0.key.destination.rawValue) })
      parameters.add(array: keys.lazy.map { StoredText.written($0.key.text) })
      parameters.add(array: keys.lazy.map(\.value.rawValue))
      parameters.add(commit.keys.first)
      commit.add(demote, parameters)
    }
    var parameters = Parameters(capacity: 64 * deliveries.count + 128)
    parameters.add(due)
    parameters.add(since)
    parameters.add(array: deliveries.lazy.map(\.id.rawValue))
    parameters.add(array: deliveries.lazy.map { ($0.key?.text).map(StoredText.written) })
    parameters.add(boundsOf: deliveries.lazy.map(\.id.rawValue))
    commit.add(retry, parameters) { commit.check($0.affected, deliveries.count, "retried") }
  }

  func discard(_ deliveries: [DeliveryID], _ reason: DiscardReason, in commit: PendingCommit) {
    var parameters = Parameters(capacity: 16 * deliveries.count + 128)
    parameters.add(commit.now)
    parameters.add(Int16(reason.rawValue))
    parameters.add(array: deliveries.lazy.map(\.rawValue))
    parameters.add(boundsOf: deliveries.lazy.map(\.rawValue))
    commit.add(discard, parameters) { commit.check($0.affected, deliveries.count, "discarded") }
  }

  /// Gives pending ones of a destination their keys, and their places among those that come before them and have theirs.
  ///
  /// - Parameters:
  ///   - deliveries: In order of arrival; `follows`: one of them that comes before has the same key.
  ///   - fresh: Given those that are fresh now.
  func reorder(
    _ deliveries: [(id: DeliveryID, key: OrderKey?, follows: Bool, due: Timestamp?)],
    of destination: DestinationRowID,
    in commit: PendingCommit, fresh: @escaping (DeliveryID, DeliveryQueue) -> Void
  ) {
    commit.keys.lower(to: deliveries.lazy.filter { $0.key != nil }.map(\.id))
    var parameters = Parameters(capacity: 96 * deliveries.count + 128)
    parameters.add(Int32(destination.rawValue))
    parameters.add(array: deliveries.lazy.map(\.id.rawValue))
    parameters.add(array: deliveries.lazy.map { ($0.key?.text).map(StoredText.written) })
    parameters.add(array: deliveries.lazy.map(\.follows))
    parameters.add(array: deliveries.lazy.map(\.due))
    parameters.add(boundsOf: deliveries.lazy.map(\.id.rawValue))
    parameters.add(commit.keys.first)
    let again = {
      var asked = Parameters(capacity: 16 * deliveries.count + 64)
      asked.add(array: deliveries.lazy.map(\.id.rawValue))
      asked.add(boundsOf: deliveries.lazy.map(\.id.rawValue))
      return (states, asked)
    }
    commit.add(reorder, parameters, again: again) { rows in
      for row in rows where row.integer(2) == DeliveryState.fresh.rawValue {
        fresh(DeliveryID(rawValue: row.integer(0)), DeliveryQueue(run: Int(row.int32(1))))
      }
    }
  }
}

extension ChangeableDelivery {
  /// - Parameter source: Gives a source's name.
  fileprivate init(_ row: Row, source: (Int32) -> String) {
    let reason = row.optionalInteger(6).map { Int($0) }
    self.init(
      id: DeliveryID(rawValue: row.integer(0)), destination: DestinationRowID(rawValue: row.integer(1)),
      state: DeliveryState(rawValue: Int(row.integer(2))) ?? .delivered,
      discardReason: reason.flatMap(DiscardReason.init), due: row.optionalTime(3), bytes: Int(row.integer(4)),
      orderKey: row.optionalText(5).map(StoredText.read), type: StoredText.read(row.text(11)),
      chat: row.optionalText(12).map(StoredText.read), source: source(row.int32(13)),
      receivedAt: row.time(10), run: Int(row.int32(7)), hasBody: row.bool(14),
      deathReason: reason.flatMap(DeathReason.init), wasAttempted: row.bool(8),
      lastStatus: row.optionalInteger(9).map { Int($0) })
  }
}

extension ChangeWish.Walk {
  /// Where those stand that it goes along; nil: it goes along none.
  var shelves: [Int16]? {
    switch self {
    case .pending: [0, 1, 2, -4, -3, -2]
    case .dead: [4]
    case .open: [0, 1, 2, -4, -3, -2, 4]
    case .replays: [-4, -3, -2]
    case .settled: [5]
    case .ids, .none: nil
    }
  }
}

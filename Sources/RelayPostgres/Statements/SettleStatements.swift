import RelayCore
import RelayStoring

/// How attempts' outcomes are written, many with each statement. A delivery that is no longer pending is left alone.
struct SettleStatements: Sendable {
  private let deliverAtOnce: Statement
  private let settle: Statement
  private let retryOrdered: Statement
  private let insertFailures: Statement
  private let deleteFailures: Statement
  private let pendingDeliveries: Statement
  private let isOfADay: Bool

  /// - Parameter day: Of the deliveries; nil: of all.
  init(_ names: TableNames, of day: Day? = nil) {
    let of = names.of(day)
    /// The tables of days that they can be in.
    func isWithin(_ first: Int) -> String {
      day == nil ? " AND d.id >= $\(first) AND d.id <= $\(first + 1)" : ""
    }
    deliverAtOnce = Statement(
      name: "deliver_at_once\(of.suffix)",
      sql: """
        UPDATE \(of.delivery) d SET state = 3, attempts = 1, counted = 1, settled = $1, shelf = NULL, order_key = NULL,
          last_at = u.at, last_duration = u.duration, last_status = u.status, last_peer = u.peer,
          last_first_byte = u.first_byte
        FROM unnest($2::int8[], $3::int8[], $4::int8[], $5::int4[], $6::bytea[], $7::int8[])
          AS u(id, at, duration, status, peer, first_byte)
        WHERE d.id = u.id AND d.state < 3\(isWithin(8))
        """,
      types: [
        .int8, .int8Array, .int8Array, .int8Array, .int4Array, .byteaArray, .int8Array, .int8, .int8,
      ])
    settle = Statement(
      name: "settle\(of.suffix)",
      sql: """
        UPDATE \(of.delivery) d SET state = u.state,
          shelf = CASE WHEN u.state = 3 THEN NULL WHEN u.state = 1 AND d.run > 0 THEN -3 ELSE u.state END,
          due = CASE WHEN u.state = 4 THEN $1 ELSE u.due END, order_key = CASE WHEN u.state = 1 THEN d.order_key END,
          settled = CASE WHEN u.state > 2 THEN $1 END, reason = u.reason, \(Self.attempt)
        FROM unnest(\(Self.attemptArrays), $13::int2[], $14::int2[])
          AS u(\(Self.attemptColumns), state, reason)
        WHERE d.id = u.id AND d.state < 3\(isWithin(15))
        """,
      types: Self.attemptTypes + [.int2Array, .int2Array, .int8, .int8])
    retryOrdered = Statement(
      name: "retry_ordered\(of.suffix)",
      sql: """
        UPDATE \(of.delivery) d SET state = u.state, shelf = CASE WHEN d.run > 0 THEN u.state - 4 ELSE u.state END,
          due = u.due, \(Self.attempt)
        FROM (
          SELECT u.*, CASE WHEN w.id IS NULL THEN 1 ELSE 2 END AS state
          FROM unnest(\(Self.attemptArrays), $13::int4[], $14::text[])
            AS u(\(Self.attemptColumns), destination, order_key)
          LEFT JOIN LATERAL (
            \(KeyRead.first(of: names.delivery, "u.destination", "u.order_key", from: "$17", before: "u.id"))) w ON true) u
        WHERE d.id = u.id AND d.state < 3\(isWithin(15))
        """,
      types: Self.attemptTypes + [.int4Array, .textArray, .int8, .int8, .int8])
    // The whole has no index that says of two that they are one: there, one that is there is removed first. Its day may have gone.
    insertFailures = Statement(
      name: "insert_failures\(of.suffix)",
      sql: """
        INSERT INTO \(of.failure) (delivery, attempt, at, duration, status, error, answer, peer, first_byte,
          request_headers, answer_headers, kept)
        SELECT u.*, \(day == nil ? Self.isKept(names) : "false")
        FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::int8[], $5::int4[], $6::text[], $7::bytea[], $8::bytea[],
          $9::int8[], $10::bytea[], $11::bytea[])
          AS u(delivery, attempt, at, duration, status, error, answer, peer, first_byte, request_headers, answer_headers)
        \(day == nil ? "" : Self.replacing)
        """,
      types: [
        .int8Array, .int4Array, .int8Array, .int8Array, .int4Array, .textArray, .byteaArray, .byteaArray,
        .int8Array, .byteaArray, .byteaArray,
      ])
    deleteFailures = Statement(
      name: "delete_failures",
      sql: """
        DELETE FROM \(names.failure) f USING unnest($1::int8[], $2::int4[]) AS u(delivery, attempt)
        WHERE f.delivery = u.delivery AND f.attempt = u.attempt AND f.delivery >= $3 AND f.delivery <= $4
        """,
      types: [.int8Array, .int4Array, .int8, .int8])
    pendingDeliveries = Statement(
      name: "pending_deliveries",
      sql: """
        SELECT \(DeliveryRead.columns) FROM unnest($1::int8[]) AS u(id) JOIN \(names.delivery) d ON d.id = u.id
        WHERE d.state < 3 AND d.id >= $2 AND d.id <= $3
        """,
      types: [.int8Array, .int8, .int8])
    isOfADay = day != nil
  }

  /// Not by EXISTS, which would read all that is kept once.
  private static func isKept(_ names: TableNames) -> String {
    "(SELECT true FROM \(names.deliveryKept) k WHERE k.id = u.delivery LIMIT 1) IS NOT NULL"
  }

  private static let replacing = """
    ON CONFLICT (delivery, attempt) DO UPDATE SET at = excluded.at, duration = excluded.duration,
      status = excluded.status, error = excluded.error, answer = excluded.answer, peer = excluded.peer,
      first_byte = excluded.first_byte, request_headers = excluded.request_headers,
      answer_headers = excluded.answer_headers
    """

  private static let attempt = """
    attempts = u.attempts, counted = u.counted, probed = u.probed, last_at = u.at, last_duration = u.duration,
      last_status = u.status, last_error = u.error, last_peer = u.peer, last_first_byte = u.first_byte
    """
  private static let attemptArrays = """
    $2::int8[], $3::int4[], $4::int4[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int4[], $10::text[],
      $11::bytea[], $12::int8[]
    """
  private static let attemptColumns =
    "id, attempts, counted, probed, due, at, duration, status, error, peer, first_byte"
  private static let attemptTypes: [ColumnType] = [
    .int8, .int8Array, .int4Array, .int4Array, .int8Array, .int8Array, .int8Array, .int8Array, .int4Array,
    .textArray, .byteaArray, .int8Array,
  ]

  // MARK: Outcomes

  /// What nearly all of them are: delivered by the first attempt, so that there is less to say.
  func deliverAtOnce(_ rows: [Settlement], at now: Timestamp, in commit: PendingCommit) {
    var parameters = Parameters(capacity: 64 * rows.count + 256)
    parameters.add(now)
    parameters.add(array: rows.lazy.map(\.delivery.rawValue))
    parameters.add(array: rows.lazy.map(\.attempt.startedAt))
    parameters.add(array: rows.lazy.map(\.attempt.duration.microseconds))
    parameters.add(array: rows.lazy.map { $0.attempt.status.map(Int32.init) })
    parameters.add(array: rows.lazy.map { $0.attempt.peer?.bytes })
    parameters.add(array: rows.lazy.map { $0.attempt.firstByte?.microseconds })
    parameters.add(boundsOf: rows.lazy.map(\.delivery.rawValue))
    commit.add(deliverAtOnce, parameters) { commit.check($0.affected, rows.count, "settled") }
  }

  /// All other outcomes, but for retries with an order key.
  func settle(_ rows: [Settlement], at now: Timestamp, in commit: PendingCommit) {
    var parameters = Self.parameters(rows, now)
    parameters.add(array: rows.lazy.map { Int16($0.outcome.state.rawValue) })
    parameters.add(array: rows.lazy.map { $0.outcome.reason.map { Int16($0.rawValue) } })
    parameters.add(boundsOf: rows.lazy.map(\.delivery.rawValue))
    commit.add(settle, parameters) { commit.check($0.affected, rows.count, "settled") }
  }

  /// Retries with an order key: one that another comes before waits.
  func retry(_ rows: [(settlement: Settlement, key: OrderKey)], at now: Timestamp, in commit: PendingCommit) {
    var parameters = Self.parameters(rows.lazy.map(\.settlement), now)
    parameters.add(array: rows.lazy.map { Int32($0.key.destination.rawValue) })
    parameters.add(array: rows.lazy.map { StoredText.written($0.key.text) })
    parameters.add(boundsOf: rows.lazy.map(\.settlement.delivery.rawValue))
    parameters.add(commit.keys.first)
    commit.add(retryOrdered, parameters) { commit.check($0.affected, rows.count, "settled") }
  }

  private static func parameters(_ rows: some Collection<Settlement>, _ now: Timestamp) -> Parameters {
    var parameters = Parameters(capacity: 160 * rows.count + 256)
    parameters.add(now)
    parameters.add(array: rows.lazy.map(\.delivery.rawValue))
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.attempts) })
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.countedAttempts) })
    parameters.add(array: rows.lazy.map(\.probedAt))
    parameters.add(array: rows.lazy.map(\.outcome.due))
    parameters.add(array: rows.lazy.map(\.attempt.startedAt))
    parameters.add(array: rows.lazy.map(\.attempt.duration.microseconds))
    parameters.add(array: rows.lazy.map { $0.attempt.status.map(Int32.init) })
    parameters.add(array: rows.lazy.map { ($0.attempt.failure?.description).map(StoredText.written) })
    parameters.add(array: rows.lazy.map { $0.attempt.peer?.bytes })
    parameters.add(array: rows.lazy.map { $0.attempt.firstByte?.microseconds })
    return parameters
  }

  // MARK: Failures

  /// Of each delivery the first is kept, and the last nine.
  func keepFailures(_ rows: [Settlement], in commit: PendingCommit) {
    if !isOfADay { delete(rows.map { ($0.delivery, $0.attempts) }, in: commit) }
    var parameters = Parameters(capacity: 512 * rows.count + 256)
    parameters.add(array: rows.lazy.map(\.delivery.rawValue))
    parameters.add(array: rows.lazy.map { Int32(clamping: $0.attempts) })
    parameters.add(array: rows.lazy.map(\.attempt.startedAt))
    parameters.add(array: rows.lazy.map(\.attempt.duration.microseconds))
    parameters.add(array: rows.lazy.map { $0.attempt.status.map(Int32.init) })
    parameters.add(array: rows.lazy.map { ($0.attempt.failure?.description).map(StoredText.written) })
    parameters.add(array: rows.lazy.map(\.attempt.keptAnswer))
    parameters.add(array: rows.lazy.map { $0.attempt.peer?.bytes })
    parameters.add(array: rows.lazy.map { $0.attempt.firstByte?.microseconds })
    parameters.add(array: rows.lazy.map { $0.attempt.evidence?.requestHeaders })
    parameters.add(array: rows.lazy.map { $0.attempt.evidence?.answerHeaders })
    commit.add(insertFailures, parameters)
    let many = rows.filter { $0.attempts > 10 }
    if !many.isEmpty { delete(many.map { ($0.delivery, $0.attempts - 9) }, in: commit) }
  }

  private func delete(_ failures: [(delivery: DeliveryID, attempt: Int)], in commit: PendingCommit) {
    var parameters = Parameters(capacity: 32 * failures.count + 256)
    parameters.add(array: failures.lazy.map(\.delivery.rawValue))
    parameters.add(array: failures.lazy.map { Int32(clamping: $0.attempt) })
    parameters.add(boundsOf: failures.lazy.map(\.delivery.rawValue))
    commit.add(deleteFailures, parameters)
  }

  // MARK: Reading

  /// What settling needs to know of deliveries that nobody holds: those of them that are pending.
  func pending(
    _ deliveries: [DeliveryID], _ connection: StoreConnection
  ) throws(StoreError) -> [DeliveryRead] {
    var parameters = Parameters(capacity: 16 * deliveries.count + 64)
    parameters.add(array: deliveries.lazy.map(\.rawValue))
    parameters.add(boundsOf: deliveries.lazy.map(\.rawValue))
    let rows = try connection.read(pendingDeliveries, parameters)
    return (0..<rows.count).map { DeliveryRead(rows[$0]) }
  }
}

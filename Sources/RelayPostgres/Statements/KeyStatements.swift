import RelayCore
import RelayStoring

/// Whose turn it is by each order key.
struct KeyStatements: Sendable {
  private let promote: Statement
  private let firsts: Statement
  private let turns: Statement

  init(_ names: TableNames) {
    promote = Statement(
      name: "promote",
      sql: """
        UPDATE \(names.delivery) d SET state = CASE WHEN d.due IS NULL THEN 0 ELSE 1 END,
          shelf = CASE WHEN d.due IS NULL THEN 0 ELSE 1 END - CASE WHEN d.run > 0 THEN 4 ELSE 0 END
        FROM (
          SELECT h.id FROM unnest($1::int4[], $2::text[]) AS k(destination, order_key)
          CROSS JOIN LATERAL (
            SELECT e.id, e.state FROM \(names.delivery) e
            WHERE \(KeyRead.rows("k.destination", "k.order_key", from: "$3")) ORDER BY \(KeyRead.order) LIMIT 1) h
          WHERE h.state = 2) h
        WHERE d.id = h.id RETURNING d.id, d.destination, d.run, d.state
        """,
      types: [.int4Array, .textArray, .int8])
    firsts = Statement(
      name: "firsts",
      sql: """
        SELECT h.id, h.destination, h.run, h.state FROM unnest($1::int4[], $2::text[]) AS k(destination, order_key)
        CROSS JOIN LATERAL (
          SELECT * FROM \(names.delivery) e
          WHERE \(KeyRead.rows("k.destination", "k.order_key", from: "$3")) ORDER BY \(KeyRead.order) LIMIT 1) h
        """,
      types: [.int4Array, .textArray, .int8])
    turns = Statement(
      name: "turns",
      sql: """
        SELECT k.place, \(DeliveryRead.columns), \(EventRead.columns)
        FROM unnest($1::int4[], $2::text[], $3::int4[]) WITH ORDINALITY AS k(destination, order_key, run_limit, place)
        CROSS JOIN LATERAL (
          SELECT f.*, sum(f.bytes) OVER (ORDER BY f.id) - f.bytes AS bytes_before FROM (
            SELECT * FROM \(names.delivery) e
            WHERE \(KeyRead.rows("k.destination", "k.order_key", from: "$4")) ORDER BY \(KeyRead.order) LIMIT k.run_limit) f) d
        LEFT JOIN \(names.event) e ON e.id = d.event
        WHERE d.bytes_before < \(ClaimRequest.mostRunBytes) ORDER BY k.place, d.id
        """,
      types: [.int4Array, .textArray, .int4Array, .int8])
  }

  /// Lets each key's first be attempted, if it waited.
  ///
  /// - Parameter fresh: Given those of them that were never attempted.
  func promote(
    _ keys: some Collection<OrderKey>, in commit: PendingCommit,
    fresh: @escaping (DeliveryID, DestinationRowID, DeliveryQueue) -> Void
  ) {
    var parameters = Parameters(capacity: 48 * keys.count + 256)
    parameters.add(array: keys.lazy.map { Int32($0.destination.rawValue) })
    parameters.add(array: keys.lazy.map { StoredText.written($0.text) })
    parameters.add(commit.keys.first)
    commit.add(promote, parameters, again: { (firsts, parameters) }) { rows in
      for place in 0..<rows.count {
        let row = rows[place]
        guard row.integer(3) == DeliveryState.fresh.rawValue else { continue }
        fresh(
          DeliveryID(rawValue: row.integer(0)), DestinationRowID(rawValue: Int64(row.int32(1))),
          DeliveryQueue(run: Int(row.int32(2))))
      }
    }
  }

  /// The firsts of keys, with those that come right after them, as many as may go together.
  ///
  /// - Parameters:
  ///   - source: Gives a source's name.
  ///   - found: Given them by the keys' places, in order; without an event: it is missing.
  func turns(
    _ keys: [(key: OrderKey, runLimit: Int)], in commit: PendingCommit, source: @escaping (Int32) -> String,
    found: @escaping ([[(DeliveryRead, EventRead.Found?)]]) -> Void
  ) {
    var parameters = Parameters(capacity: 56 * keys.count + 256)
    parameters.add(array: keys.lazy.map { Int32($0.key.destination.rawValue) })
    parameters.add(array: keys.lazy.map { StoredText.written($0.key.text) })
    parameters.add(array: keys.lazy.map { Int32(clamping: $0.runLimit) })
    parameters.add(commit.keys.first)
    commit.add(turns, parameters, again: { (turns, parameters) }) { rows in
      var turns = [[(DeliveryRead, EventRead.Found?)]](repeating: [], count: keys.count)
      var contexts: [EventID: EnvelopeContext] = [:]
      for place in 0..<rows.count {
        let row = rows[place]
        let event = EventRead.event(row, from: 1 + DeliveryRead.width, &contexts, source: source)
        turns[Int(row.integer(0)) - 1].append((DeliveryRead(row, from: 1), event))
      }
      found(turns)
    }
  }
}

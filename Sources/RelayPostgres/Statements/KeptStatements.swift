import RelayCore

/// How what was kept of days that have gone goes at last: row by row, since it is little.
struct KeptStatements: Sendable {
  private let page: Statement

  init(_ names: TableNames) {
    let settledLater = "(\(MoveStatements.isOpen) OR d.settled > $1)"
    page = Statement(
      name: "forget_kept",
      sql: """
        WITH page AS MATERIALIZED (
          SELECT e.id, e.first_delivery, e.deliveries, e.received FROM \(names.eventKept) e WHERE e.id > $2 ORDER BY e.id LIMIT $3),
        gone AS MATERIALIZED (
          SELECT p.id, p.first_delivery, p.deliveries FROM page p WHERE p.received <= $1
            AND NOT EXISTS (
              SELECT FROM \(names.delivery) d WHERE d.id >= p.first_delivery
                AND d.id < p.first_delivery + (p.deliveries::int8 << \(CommitBase.slotBits)) AND d.event = p.id AND \(settledLater))
            AND NOT EXISTS (
              SELECT FROM \(names.replayed) r JOIN \(names.delivery) d ON d.id = r.delivery WHERE r.event = p.id AND \(settledLater))),
        others AS MATERIALIZED (
          SELECT r.event, r.delivery FROM gone g JOIN \(names.replayed) r ON r.event = g.id),
        deliveries AS MATERIALIZED (
          SELECT d.id FROM gone g JOIN \(names.deliveryKept) d ON d.id >= g.first_delivery
            AND d.id < g.first_delivery + (g.deliveries::int8 << \(CommitBase.slotBits)) AND d.event = g.id
          UNION SELECT delivery FROM others),
        failures AS (DELETE FROM \(names.failureKept) f USING deliveries x WHERE f.delivery = x.id),
        rows AS (DELETE FROM \(names.deliveryKept) d USING deliveries x WHERE d.id = x.id),
        replays AS (DELETE FROM \(names.replayed) r USING others o WHERE r.event = o.event AND r.delivery = o.delivery),
        events AS (DELETE FROM \(names.eventKept) e USING gone g WHERE e.id = g.id)
        SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM gone), (SELECT count(*) FROM page)
        """,
      types: [.int8, .uuid, .int8])
  }

  /// Removes kept events of which all was settled by that time, with all that is kept of them.
  ///
  /// - Returns: The place behind which the walk goes on (nil: it has come to its end), and how many have gone.
  func forget(
    settledBy cutoff: Timestamp, after event: EventID, limit: Int, _ session: KeeperSession
  ) throws(PostgresError) -> (next: EventID?, gone: Int) {
    var parameters = Parameters()
    parameters.add(cutoff)
    parameters.add(event)
    parameters.add(Int64(limit))
    let row = try session.run(page, parameters)[0]
    let isLast = row.integer(2) < Int64(limit)
    return (isLast ? nil : row.eventID(0), Int(row.integer(1)))
  }
}

import RelayCore

/// What tells envelopes that come again.
struct DuplicateStatements: Sendable {
  private let newest: Statement
  private let withoutDelivery: Statement

  init(_ names: TableNames) {
    newest = Statement(
      name: "newest_envelopes",
      sql: """
        SELECT first, source, received, accepted, is_complete, hash, unstored, trace, number, slot FROM (
          SELECT * FROM \(names.envelope) WHERE number >= $2 ORDER BY number DESC LIMIT $1) e
        ORDER BY number
        """,
      types: [.int8, .int8])
    withoutDelivery = Statement(
      name: "events_without_delivery",
      sql: """
        SELECT e.id FROM unnest($1::uuid[], $2::uuid[]) AS u(first, last)
        JOIN \(names.event) e ON e.id >= u.first AND e.id <= u.last
        WHERE e.deliveries = 0 AND (length(e.body) > 0 OR e.erased IS NULL) AND e.id >= $3 AND e.id <= $4
        """,
      types: [.uuidArray, .uuidArray, .uuid, .uuid])
  }

  /// The last ones, oldest first.
  ///
  /// - Parameters:
  ///   - tick: Those of commits before it are left out.
  ///   - time: What a slot's steady clock showed at a tick, in place of what it says itself; nil: that counts.
  func newest(
    _ limit: Int, from tick: Int64, _ connection: StoreConnection,
    time: (_ slot: Int16, _ tick: Int64, _ serverTime: Int64) -> Timestamp?
  ) throws(StoreError) -> [(hash: [UInt8], KnownEnvelope)] {
    var parameters = Parameters()
    parameters.add(Int64(limit))
    parameters.add(CommitBase.number(tick, slot: 0))
    var pipeline = Pipeline()
    pipeline.add(DayTableStatements.time)
    pipeline.add(newest, parameters)
    let found = try connection.read(pipeline)
    let serverTime = found[0][0].integer(0)
    return found[1].map { row in
      let (slot, tick) = (Int16(row.int32(9)), row.integer(8) >> CommitBase.slotBits)
      return (
        row.bytes(5),
        KnownEnvelope(
          firstEventID: row.eventID(0), source: row.int32(1),
          receivedAt: time(slot, tick, serverTime) ?? row.time(2), acceptedCount: Int(row.int32(3)),
          isComplete: row.bool(4), unstored: row.optionalBytes(6) ?? [], trace: row.optionalBytes(7))
      )
    }
  }

  /// Those events of these envelopes that never had a delivery. What was erased is none of them: it goes nowhere any more.
  func eventsWithoutDelivery(
    of envelopes: [KnownEnvelope], _ connection: StoreConnection
  ) throws(StoreError) -> [EventID] {
    var parameters = Parameters(capacity: 48 * envelopes.count + 128)
    parameters.add(array: envelopes.lazy.map(\.firstEventID))
    parameters.add(array: envelopes.lazy.map { $0.firstEventID.advanced(by: $0.acceptedCount - 1) })
    parameters.add(envelopes.lazy.map(\.firstEventID).min())
    parameters.add(envelopes.lazy.map { $0.firstEventID.advanced(by: $0.acceptedCount - 1) }.max())
    return try connection.read(withoutDelivery, parameters).map { $0.eventID(0) }
  }
}

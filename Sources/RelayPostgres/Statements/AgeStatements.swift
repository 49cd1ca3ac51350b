import RelayCore
import RelayStoring

/// What grows old before its day goes: dead letters, and bodies of events that went nowhere. A test asserts each one's plan, by its name here.
struct AgeStatements: Sendable {
  private let oldDead: Statement
  private let firstDead: Statement
  private let unrouted: Statement
  private let removeBodies: Statement

  init(_ names: TableNames) {
    // A dead letter's `due` says when it died.
    func dead(by last: String = "\(Int64.max)", limit: String) -> String {
      """
      SELECT p.id, p.due FROM \(names.destination) t CROSS JOIN LATERAL (
          SELECT d.id, d.due FROM \(names.delivery) d WHERE \(ShelfRead.due("t.id", "4", by: last))
          ORDER BY \(ShelfRead.orderOfDue) LIMIT \(limit)) p
      WHERE t.id <> ALL($1)
      """
    }
    oldDead = Statement(
      name: "old_dead", sql: "\(dead(by: "$2", limit: "$3")) ORDER BY p.due, p.id LIMIT $3",
      types: [.int4Array, .int8, .int8])
    firstDead = Statement(
      name: "first_dead", sql: "SELECT min(f.due) FROM (\(dead(limit: "1"))) f", types: [.int4Array])
    // The length of a body is known without reading it. What a replay has queued is sent with it.
    unrouted = Statement(
      name: "unrouted_events",
      sql: """
        SELECT e.id, e.number, e.received, EXISTS (SELECT FROM \(names.replayed) r WHERE r.event = e.id) FROM \(names.event) e
        WHERE e.deliveries = 0 AND length(e.body) > 0 AND e.number > $1 ORDER BY e.number LIMIT $2
        """,
      types: [.int8, .int8])
    removeBodies = Statement(
      name: "remove_bodies",
      sql: """
        UPDATE \(names.event) e SET body = '' FROM unnest($1::uuid[]) AS u(id)
        WHERE e.id = u.id AND e.deliveries = 0 AND e.id >= $2 AND e.id <= $3
          AND NOT EXISTS (SELECT FROM \(names.replayed) r WHERE r.event = e.id)
        """,
      types: [.uuidArray, .uuid, .uuid])
  }

  // MARK: Dead letters

  /// Dead letters that died at or before this, the oldest first.
  ///
  /// - Parameter others: Destinations that other nodes serve: theirs to discard.
  func dead(
    diedBy cutoff: Timestamp, limit: Int, but others: [DestinationRowID], _ connection: StoreConnection
  ) throws(StoreError) -> [DeliveryID] {
    var parameters = Parameters(capacity: 8 * others.count + 64)
    parameters.add(array: others.lazy.map { Int32($0.rawValue) })
    parameters.add(cutoff)
    parameters.add(Int64(limit))
    return try connection.read(oldDead, parameters).map { DeliveryID(rawValue: $0.integer(0)) }
  }

  /// When the one that has been dead for longest died; nil: there is none.
  func firstDeath(
    but others: [DestinationRowID], _ connection: StoreConnection
  ) throws(StoreError) -> Timestamp? {
    var parameters = Parameters(capacity: 8 * others.count + 64)
    parameters.add(array: others.lazy.map { Int32($0.rawValue) })
    return try connection.read(firstDead, parameters)[0].optionalTime(0)
  }

  // MARK: Events that went nowhere

  /// An event without a delivery, with a body.
  struct Unrouted {
    var id: EventID
    var number: Int64
    var received: Timestamp
    /// A replay has queued it.
    var isReplayed: Bool
  }

  /// Those behind this number, in order of arrival.
  func unrouted(
    after number: Int64, limit: Int, _ connection: StoreConnection
  ) throws(StoreError) -> [Unrouted] {
    var parameters = Parameters()
    parameters.add(number)
    parameters.add(Int64(limit))
    return try connection.read(unrouted, parameters).map {
      Unrouted(id: $0.eventID(0), number: $0.integer(1), received: $0.time(2), isReplayed: $0.bool(3))
    }
  }

  func removeBodies(of events: [EventID], in commit: PendingCommit) {
    var parameters = Parameters(capacity: 24 * events.count + 64)
    parameters.add(array: events)
    parameters.add(boundsOf: events)
    commit.add(removeBodies, parameters)
  }
}

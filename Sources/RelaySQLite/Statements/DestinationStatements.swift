import RelayCore
import RelayStoring

/// The rows of destinations, read at the start and written with every transaction that touches them.
final class DestinationStatements {
  private let all: Statement
  private let update: Statement

  init(_ connection: Connection) throws(StoreError) {
    all = try connection.prepare(
      """
      SELECT id, name, pending, dead, delivered, discarded, overflowed, backlog_bytes, ordering, paused_until,
        suspended, suspended_since, replaying
      FROM destination ORDER BY id
      """)
    update = try connection.prepare(
      """
      UPDATE destination SET pending = ?2, dead = ?3, delivered = ?4, discarded = ?5, overflowed = ?6,
        backlog_bytes = ?7, ordering = ?8, paused_until = ?9, suspended = ?10, suspended_since = ?11,
        replaying = ?12
      WHERE id = ?1
      """)
  }

  /// All there are, in the order in which they came to be.
  func destinations() throws(StoreError) -> [(row: DestinationRowID, destination: StoredDestination)] {
    var found: [(row: DestinationRowID, destination: StoredDestination)] = []
    while try all.step() { found.append((all.row(0), StoredDestination(all))) }
    return found
  }

  func write(_ destination: StoredDestination, as row: DestinationRowID) throws(StoreError) {
    update.bind(1, row)
    update.bind(2, destination.pending)
    update.bind(3, destination.dead)
    update.bind(4, destination.delivered)
    update.bind(5, destination.discarded)
    update.bind(6, destination.overflowed)
    update.bind(7, destination.backlogBytes)
    update.bind(8, destination.ordering?.rawValue)
    update.bind(9, destination.pausedUntil)
    update.bind(10, destination.suspended.ended)
    update.bind(11, destination.suspended.since)
    update.bind(12, destination.replaying)
    try update.run()
  }
}

@available(*, unavailable)
extension DestinationStatements: Sendable {}

extension StoredDestination {
  /// From a row of `DestinationStatements.all`.
  fileprivate init(_ row: Statement) {
    self.init(name: row.text(1)!)
    pending = Int(row.integer(2))
    dead = Int(row.integer(3))
    delivered = Int(row.integer(4))
    discarded = Int(row.integer(5))
    overflowed = Int(row.integer(6))
    backlogBytes = Int(row.integer(7))
    // A number that this version does not know is put in order again.
    ordering = row.optionalInteger(8).flatMap { Ordering(rawValue: Int($0)) }
    pausedUntil = row.optionalTime(9)
    suspended = SuspendedTime(ended: .microseconds(row.integer(10)), since: row.optionalTime(11))
    replaying = Int(row.integer(12))
  }
}

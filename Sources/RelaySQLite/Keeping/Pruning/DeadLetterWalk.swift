import RelayCore

/// Discards the dead letters that are older than `store.dead_retention`, oldest first, in steps. Confined to the store's thread.
///
/// A dead letter makes an entry in `delivery_revisit` when it dies, so the walk goes along them in order of time. What else has
/// an entry there is settled, and passed.
final class DeadLetterWalk: TransactionMember {
  private let revisits: RevisitStatements
  private let changes: DeliveryChanges
  /// How far it has come, the transaction under way included. In memory alone: after a restart it begins anew.
  private var place = RevisitPlace.beginning
  /// The same, as it is on disk.
  private var committedPlace = RevisitPlace.beginning
  /// How many of each destination the transaction under way has discarded.
  private var discarded: [String: Int] = [:]
  private var committedDiscards: [String: Int] = [:]

  init(
    _ connection: Connection, _ transactions: Transactions, changes: DeliveryChanges
  ) throws(StoreError) {
    self.changes = changes
    revisits = try RevisitStatements(connection)
    transactions.register(self)
  }

  /// One step, within a transaction.
  ///
  /// - Parameter cutoff: What died at or before this is old.
  /// - Returns: Whether all that is old is discarded.
  func step(until cutoff: Timestamp, now: Timestamp, _ budget: inout StepBudget) throws(StoreError) -> Bool {
    var entries = PrunePage { [self] (limit) throws(StoreError) in
      try revisits.entries(after: place, until: cutoff, limit: limit)
    }
    while !budget.isSpent {
      guard let entry = try entries.first() else { return true }
      if entry.isDead { try discard(entry.place.delivery, at: now) }
      place = entry.place
      entries.removeFirst()
      budget.spend(rows: entry.isDead ? 10 : 1)
    }
    return false
  }

  private func discard(_ id: DeliveryID, at now: Timestamp) throws(StoreError) {
    guard let delivery = try changes.changeable(id), delivery.state == .dead else { return }
    try changes.discard(delivery, at: now, .retention)
    discarded[changes.destinationName(of: delivery), default: 0] += 1
  }

  /// When the oldest one that is left died, at the latest; nil: there is none. To be asked once a step has found all that is old.
  func head() throws(StoreError) -> Timestamp? {
    try revisits.entries(after: place, until: .distantFuture, limit: 1).first?.place.settled
  }

  /// What was discarded since this was last asked, by the destination's name.
  func takeDiscarded() -> [String: Int] {
    defer { committedDiscards = [:] }
    return committedDiscards
  }

  /// The time, whenever something was committed. What dies from now on must lie behind the place that the walk has come to.
  func clockShows(_ now: Timestamp) {
    guard place.settled >= now else { return }
    place = .beginning
    committedPlace = place
  }

  func commit() {
    committedPlace = place
    committedDiscards.merge(discarded, uniquingKeysWith: +)
    discarded = [:]
  }

  func rollback() {
    place = committedPlace
    discarded = [:]
  }
}

@available(*, unavailable)
extension DeadLetterWalk: Sendable {}

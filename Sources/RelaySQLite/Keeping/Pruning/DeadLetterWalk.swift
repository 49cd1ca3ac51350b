import RelayCore

/// Discards the dead letters that are older than `store.dead_retention`, oldest first, in steps. Confined to the store's thread.
///
/// A dead letter makes an entry in `delivery_revisit` when it dies, so the walk goes along them in order of time. What else has
/// an entry there is settled, and passed.
final class DeadLetterWalk: TransactionMember {
  private let statements: DeadLetterStatements
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
    statements = try DeadLetterStatements(connection)
    transactions.register(self)
  }

  /// One step, within a transaction.
  ///
  /// - Parameter cutoff: What died at or before this is old.
  /// - Returns: Whether all that is old is discarded.
  func step(until cutoff: Timestamp, now: Timestamp, _ budget: inout StepBudget) throws(StoreError) -> Bool {
    var entries = PrunePage { [self] (limit) throws(StoreError) in
      try statements.entries(after: place, until: cutoff, limit: limit)
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
    try statements.entries(after: place, until: .distantFuture, limit: 1).first?.place.settled
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

/// The statements of this walk, prepared once. A test asserts each one's plan.
final class DeadLetterStatements {
  /// An entry of `delivery_revisit`, and whether it is a dead letter's.
  struct Entry {
    var place: RevisitPlace
    var isDead: Bool
  }

  private let revisitThen: Statement
  private let revisitLater: Statement

  init(_ connection: Connection) throws(StoreError) {
    // Two, since SQLite does not go to a pair of values in an index whose second is the row's number.
    revisitThen = try connection.prepare(
      "SELECT revisit, id, state FROM delivery WHERE revisit = ?1 AND id > ?2 ORDER BY id LIMIT ?3")
    revisitLater = try connection.prepare(
      "SELECT revisit, id, state FROM delivery WHERE revisit > ?1 ORDER BY revisit, id LIMIT ?2")
  }

  /// In order of time, none of a later time than the cutoff.
  func entries(
    after place: RevisitPlace, until cutoff: Timestamp, limit: Int
  ) throws(StoreError) -> [Entry] {
    revisitThen.bind(1, place.settled)
    revisitThen.bind(2, place.delivery)
    revisitThen.bind(3, limit)
    var entries = try entries(revisitThen, until: cutoff)
    guard entries.count < limit else { return entries }
    revisitLater.bind(1, place.settled)
    revisitLater.bind(2, limit - entries.count)
    entries += try self.entries(revisitLater, until: cutoff)
    return entries
  }

  private func entries(_ query: Statement, until cutoff: Timestamp) throws(StoreError) -> [Entry] {
    defer { query.reset() }
    var entries: [Entry] = []
    while try query.step() {
      let place = RevisitPlace(settled: query.time(0), delivery: query.deliveryID(1))
      guard place.settled <= cutoff else { break }
      entries.append(Entry(place: place, isDead: DeliveryState(stored: query.integer(2)) == .dead))
    }
    return entries
  }
}

@available(*, unavailable)
extension DeadLetterStatements: Sendable {}

import RelayCore

/// What the keeper works with: each step is a transaction of its own. Confined to the store's thread.
final class KeeperTools {
  private let pruner: Pruner
  private let deadLetters: DeadLetterWalk
  private let unrouted: UnroutedBodies
  private let pages: StorePages
  private let transactions: Transactions
  private let walked: WalkedDeliveries

  init(_ session: StoreSession) throws(StoreError) {
    let (connection, transactions) = (session.connection, session.transactions)
    self.transactions = transactions
    walked = session.walked
    pages = try StorePages(connection)
    unrouted = try UnroutedBodies(connection)
    // The last that can fail: they register with the transactions.
    deadLetters = try DeadLetterWalk(connection, transactions, changes: session.changes)
    pruner = try Pruner(connection, transactions)
  }

  func measure() throws(StoreError) -> StoreSize { try pages.measure() }

  /// What grows old next, once `prune` has found that all is gone that may go.
  func heads() throws(StoreError) -> PruneHeads { try pruner.heads() }

  /// The time, whenever something was committed.
  func clockShows(_ now: Timestamp) {
    pruner.clockShows(now)
    deadLetters.clockShows(now)
  }

  /// - Returns: Whether all that may go is gone.
  func prune(_ cutoffs: PruneCutoffs, _ budget: StepBudget) throws(StoreError) -> Bool {
    var left = budget
    let isDone = try transactions.run { () throws(StoreError) in try pruner.step(cutoffs, &left) }
    walked.reach(pruner.lastDelivery)
    return isDone
  }

  /// For room: bodies of what went nowhere go first, then what is settled. No event's age is asked for.
  ///
  /// - Returns: Whether all that may go is gone, and of how many events something went.
  func makeRoom(
    _ cutoffs: PruneCutoffs, _ budget: StepBudget
  ) throws(StoreError) -> (isDone: Bool, events: Int) {
    var left = budget
    let isDone = try transactions.run { () throws(StoreError) in
      guard try unrouted.step(until: cutoffs.now, now: cutoffs.now, &left) else { return false }
      return try pruner.step(cutoffs, &left)
    }
    walked.reach(pruner.lastDelivery)
    return (isDone, budget.events - left.events)
  }

  /// Discards dead letters that died at or before this.
  ///
  /// - Returns: Whether all are discarded, and when the next one died, if so.
  func discardDead(
    until cutoff: Timestamp, now: Timestamp, _ budget: StepBudget
  ) throws(StoreError) -> (isDone: Bool, head: Timestamp?) {
    var left = budget
    let isDone = try transactions.run { () throws(StoreError) in
      try deadLetters.step(until: cutoff, now: now, &left)
    }
    return (isDone, isDone ? try deadLetters.head() : nil)
  }

  /// How many dead letters were discarded since this was last asked, by the destination's name.
  func takeDiscardedDead() -> [String: Int] { deadLetters.takeDiscarded() }

  /// Removes the bodies of events that went nowhere and were received at or before this.
  ///
  /// - Returns: Whether all are gone, and when the next event was received, if so.
  func removeUnroutedBodies(
    until cutoff: Timestamp, now: Timestamp, _ budget: StepBudget
  ) throws(StoreError) -> (isDone: Bool, head: Timestamp?) {
    var left = budget
    let isDone = try transactions.run { () throws(StoreError) in
      try unrouted.step(until: cutoff, now: now, &left)
    }
    return (isDone, isDone ? try unrouted.head() : nil)
  }

  /// The same within a transaction that is under way.
  func giveBackWithinTransaction(_ budget: StepBudget) throws(StoreError) -> Int {
    try pages.giveBack(budget)
  }

  /// - Returns: How many pages went back.
  func giveBack(_ budget: StepBudget) throws(StoreError) -> Int {
    try transactions.run { () throws(StoreError) in try pages.giveBack(budget) }
  }
}

@available(*, unavailable)
extension KeeperTools: Sendable {}

/// What one step of housekeeping may cost, so that it holds up nobody's commit.
struct StepBudget {
  /// Events that may yet be deleted.
  private(set) var events: Int
  /// Rows that may yet be looked at.
  private var rows: Int
  /// What may yet be deleted, near enough.
  private var bytes: Int
  private let deadline: ContinuousClock.Instant?

  /// - Parameters:
  ///   - bytes: No more than this need go.
  ///   - time: nil: as long as it takes.
  init(events: Int = 200, rows: Int = 2_000, bytes: Int = .max, time: Duration? = .milliseconds(3)) {
    self.events = events
    self.rows = rows
    self.bytes = bytes
    deadline = time.map { ContinuousClock.now.advanced(by: $0) }
  }

  var isSpent: Bool {
    events <= 0 || rows <= 0 || bytes <= 0 || deadline.map { ContinuousClock.now >= $0 } ?? false
  }

  mutating func spend(rows: Int) {
    self.rows -= rows
  }

  /// - Parameter bytes: Of the event's body.
  mutating func spend(eventOf bytes: Int, deliveries: Int) {
    events -= 1
    rows -= deliveries
    // What rows and indexes cost beside it.
    self.bytes -= bytes + 200 + 150 * deliveries
  }
}

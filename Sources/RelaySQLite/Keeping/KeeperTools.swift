import RelayCore

/// What the keeper works with: each step is a transaction of its own. Confined to the store's thread.
final class KeeperTools {
  private let pruner: Pruner
  private let pages: StorePages
  private let transactions: Transactions
  private let walked: WalkedDeliveries

  init(
    _ connection: Connection, _ transactions: Transactions, walked: WalkedDeliveries
  ) throws(StoreError) {
    self.transactions = transactions
    self.walked = walked
    pages = try StorePages(connection)
    // The last that can fail: it registers with the transactions.
    pruner = try Pruner(connection, transactions)
  }

  func measure() throws(StoreError) -> StoreSize { try pages.measure() }

  /// What grows old next, once `prune` has found that all is gone that may go.
  func heads() throws(StoreError) -> PruneHeads { try pruner.heads() }

  /// The time, whenever something was committed.
  func clockShows(_ now: Timestamp) { pruner.clockShows(now) }

  /// - Returns: Whether all that may go is gone, and how many events went.
  func prune(
    _ cutoffs: PruneCutoffs, _ budget: StepBudget
  ) throws(StoreError) -> (isDone: Bool, events: Int) {
    var left = budget
    let isDone = try transactions.run { () throws(StoreError) in try pruner.step(cutoffs, &left) }
    walked.reach(pruner.lastDelivery)
    return (isDone, budget.events - left.events)
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

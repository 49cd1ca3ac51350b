import RelayCore

/// The replays of which something is under way: as the transaction under way has them, and as they are on disk. Confined to the
/// store's thread.
///
/// One is read when it is first asked for, and written once in each transaction that changes it.
final class ReplayTable: TransactionMember {
  /// So many of the newest are kept, whatever their age.
  static let kept = 1_000
  /// How long all others are kept after their end.
  static let retention = Duration.seconds(90 * 86_400)

  private struct Entry {
    var current: Replay
    var committed: Replay
  }

  private let statements: ReplayStatements
  private var entries: [Int: Entry] = [:]
  private var changed: Set<Int> = []
  private var newest: Int
  private var committedNewest: Int

  init(_ statements: ReplayStatements, _ transactions: Transactions) throws(StoreError) {
    self.statements = statements
    newest = try statements.newest()
    committedNewest = newest
    transactions.register(self)
  }

  /// nil: there is none.
  func replay(_ id: Int) throws(StoreError) -> Replay? { try isKnown(id) ? entries[id]!.current : nil }

  private func isKnown(_ id: Int) throws(StoreError) -> Bool {
    if entries[id] != nil { return true }
    guard let replay = try statements.replay(id) else { return false }
    entries[id] = Entry(current: replay, committed: replay)
    return true
  }

  // MARK: Within a transaction

  func begin(_ new: NewReplay) throws(StoreError) -> Replay {
    try statements.forget(
      upTo: newest - Self.kept, endedBy: new.startedAt.advanced(by: .zero - Self.retention), limit: 100)
    newest += 1
    let replay = Replay(id: newest, new: new)
    try statements.insert(replay)
    return replay
  }

  /// Changes one that there is; a number that nobody knows is passed over: it was kept long enough.
  func change(_ id: Int, _ body: (inout Replay) -> Void) throws(StoreError) {
    guard try isKnown(id) else { return }
    body(&entries[id]!.current)
    changed.insert(id)
  }

  /// Other words in the place of what it was to do, and why; one that is gone is passed over.
  func amend(_ id: Int, plan: String, reason: String?) throws(StoreError) {
    try change(id) { ($0.new.plan, $0.new.reason) = (plan, reason) }
    try statements.amend(id, plan: plan, reason: reason)
  }

  func prepare() throws(StoreError) {
    for id in changed { try statements.write(entries[id]!.current) }
  }

  func commit() {
    for id in changed {
      let current = entries[id]!.current
      // One of which nothing is left to be done is read again if somebody retries what is dead of it.
      entries[id] =
        current.walk != .underWay && current.pending == 0 ? nil : Entry(current: current, committed: current)
    }
    changed.removeAll(keepingCapacity: true)
    committedNewest = newest
  }

  func rollback() {
    for id in changed { entries[id]!.current = entries[id]!.committed }
    changed.removeAll(keepingCapacity: true)
    newest = committedNewest
  }
}

@available(*, unavailable)
extension ReplayTable: Sendable {}

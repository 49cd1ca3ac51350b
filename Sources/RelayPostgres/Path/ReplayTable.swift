import RelayCore

/// The replays of which something is under way: as the commit under way has them, and as they are kept. Confined to the store's thread.
///
/// One is read when it is first asked for, and written once in each commit that changes it.
final class ReplayTable: CommitMember {
  /// So many of the newest are kept, whatever their age.
  static let kept = 1_000
  /// How long all others are kept after their end.
  static let retention = Duration.seconds(90 * 86_400)

  private struct Entry {
    var current: Replay
    var committed: Replay
  }

  private let statements: ReplayStatements
  private let connection: StoreConnection
  private var entries: [Int: Entry] = [:]
  private var changed: Set<Int> = []
  /// Those that the commit has made.
  private var added: Set<Int> = []
  private var newest: Int
  private var committedNewest: Int

  init(_ statements: ReplayStatements, _ connection: StoreConnection) throws(StoreError) {
    self.statements = statements
    self.connection = connection
    newest = try statements.newest(connection)
    committedNewest = newest
  }

  /// nil: there is none.
  func replay(_ id: Int) throws(StoreError) -> Replay? { try isKnown(id) ? entries[id]!.current : nil }

  private func isKnown(_ id: Int) throws(StoreError) -> Bool {
    if entries[id] != nil { return true }
    guard let replay = try statements.replay(id, connection) else { return false }
    entries[id] = Entry(current: replay, committed: replay)
    return true
  }

  // MARK: Within a commit

  func begin(_ new: NewReplay, in commit: PendingCommit) -> Replay {
    statements.forget(
      upTo: newest - Self.kept, endedBy: new.startedAt.advanced(by: .zero - Self.retention), limit: 100,
      in: commit)
    newest += 1
    let replay = Replay(id: newest, new: new)
    statements.insert(replay, in: commit)
    entries[replay.id] = Entry(current: replay, committed: replay)
    added.insert(replay.id)
    return replay
  }

  /// Changes one that there is; a number that nobody knows is passed over: it was kept long enough.
  func change(_ id: Int, _ body: (inout Replay) -> Void) throws(StoreError) {
    guard try isKnown(id) else { return }
    body(&entries[id]!.current)
    changed.insert(id)
  }

  /// Other words in the place of what it was to do, and why; one that is gone is passed over.
  func amend(_ id: Int, plan: String, reason: String?, in commit: PendingCommit) throws(StoreError) {
    try change(id) { ($0.new.plan, $0.new.reason) = (plan, reason) }
    statements.amend(id, plan: plan, reason: reason, in: commit)
  }

  /// All else has been done.
  func write(in commit: PendingCommit) {
    for id in changed.sorted() { statements.write(entries[id]!.current, in: commit) }
  }

  func commit() {
    for id in changed {
      let current = entries[id]!.current
      // One of which nothing is left to be done is read again if somebody retries what is dead of it.
      entries[id] =
        current.walk != .underWay && current.pending == 0 ? nil : Entry(current: current, committed: current)
    }
    changed.removeAll(keepingCapacity: true)
    added.removeAll()
    committedNewest = newest
  }

  func rollback() {
    for id in changed { entries[id]!.current = entries[id]!.committed }
    for id in added { entries[id] = nil }
    changed.removeAll(keepingCapacity: true)
    added.removeAll()
    newest = committedNewest
  }
}

@available(*, unavailable)
extension ReplayTable: Sendable {}

import RelayCore
import RelayStoring

/// The replays that this node walks along: as the commit under way has them, and as they are kept. Confined to the store's thread.
///
/// One is read when it is first asked for, and written once in each commit that changes how far it has come. What comes of its deliveries is counted
/// by whoever settles them, with rows of differences: it is known here as far as this node has done it, and in the store for all.
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
  /// Those whose walk has come further.
  private var changed: Set<Int> = []
  /// Those that are another thing in memory alone.
  private var touched: Set<Int> = []
  /// Those that the commit has made.
  private var added: Set<Int> = []
  private var differences: [Int: ReplayDifference] = [:]

  init(_ statements: ReplayStatements, _ connection: StoreConnection) {
    self.statements = statements
    self.connection = connection
  }

  /// nil: there is none.
  func replay(_ id: Int) throws(StoreError) -> Replay? { try isKnown(id) ? entries[id]!.current : nil }

  /// The same as all nodes have left it, unless this commit has changed it.
  func freshReplay(_ id: Int) throws(StoreError) -> Replay? {
    if !changed.contains(id) && !added.contains(id) && differences[id] == nil { entries[id] = nil }
    return try replay(id)
  }

  private func isKnown(_ id: Int) throws(StoreError) -> Bool {
    if entries[id] != nil { return true }
    guard var replay = try statements.replay(id, connection) else { return false }
    let committed = replay
    if let difference = differences[id] { replay.add(difference) }
    entries[id] = Entry(current: replay, committed: committed)
    touched.insert(id)
    return true
  }

  /// Another node has walked along it: what is known of it counts no longer. Between commits.
  func forget(_ id: Int) { entries[id] = nil }

  // MARK: Within a commit

  func begin(_ new: NewReplay, in commit: PendingCommit) throws(StoreError) -> Replay {
    let replay = Replay(id: try statements.nextNumber(connection), new: new)
    statements.forget(
      upTo: replay.id - 1 - Self.kept, endedBy: new.startedAt.advanced(by: .zero - Self.retention),
      limit: 100,
      in: commit)
    statements.insert(replay, in: commit)
    entries[replay.id] = Entry(current: replay, committed: replay)
    added.insert(replay.id)
    return replay
  }

  /// Changes how far the walk of one has come that there is; a number that nobody knows is passed over: it was kept long enough.
  func change(_ id: Int, _ body: (inout Replay) -> Void) throws(StoreError) {
    guard try isKnown(id) else { return }
    body(&entries[id]!.current)
    changed.insert(id)
  }

  /// A pending delivery of one has come to this end. Whoever walks along it: these three count with a difference.
  func settled(_ id: Int, _ outcome: Settlement.Outcome) {
    differences[id, default: ReplayDifference()].settled(outcome)
    entries[id]?.current.settled(outcome)
    touched.insert(id)
  }

  func retried(_ id: Int, wasDead: Bool) {
    differences[id, default: ReplayDifference()].retried(wasDead: wasDead)
    entries[id]?.current.retried(wasDead: wasDead)
    touched.insert(id)
  }

  func gaveUp(_ id: Int, wasDead: Bool) {
    differences[id, default: ReplayDifference()].gaveUp(wasDead: wasDead)
    entries[id]?.current.gaveUp(wasDead: wasDead)
    touched.insert(id)
  }

  /// Other words in the place of what it was to do, and why; one that is gone is passed over.
  func amend(_ id: Int, plan: String, reason: String?, in commit: PendingCommit) {
    statements.amend(id, plan: plan, reason: reason, in: commit)
    guard entries[id] != nil else { return }
    (entries[id]!.current.new.plan, entries[id]!.current.new.reason) = (plan, reason)
    touched.insert(id)
  }

  /// All else has been done.
  func write(in commit: PendingCommit) {
    for id in changed.sorted() { statements.write(entries[id]!.current, in: commit) }
    if !differences.isEmpty { statements.insert(differences, in: commit) }
  }

  func commit() {
    for id in changed.union(touched) {
      guard let current = entries[id]?.current else { continue }
      // Whoever walks along one knows it better than this node, from the next walk on.
      entries[id] = current.walk == .underWay ? Entry(current: current, committed: current) : nil
    }
    forgetTheCommit()
  }

  func rollback() {
    for id in changed.union(touched) where entries[id] != nil {
      entries[id]!.current = entries[id]!.committed
    }
    for id in added { entries[id] = nil }
    forgetTheCommit()
  }

  private func forgetTheCommit() {
    changed.removeAll(keepingCapacity: true)
    touched.removeAll(keepingCapacity: true)
    added.removeAll()
    differences.removeAll(keepingCapacity: true)
  }
}

@available(*, unavailable)
extension ReplayTable: Sendable {}

extension Replay {
  fileprivate mutating func add(_ difference: ReplayDifference) {
    delivered += difference.delivered
    dead += difference.dead
    discarded += difference.discarded
  }
}

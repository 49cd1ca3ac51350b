import RelayCore
import RelayStoring

/// Keeps this node and another one from both storing the same envelope, before either has read of the other: each commit that stores some
/// inserts their keys into a table where they are unique. Confined to the store's thread.
///
/// docs/decisions/0050-redeliveries-over-nodes.md says why that is enough.
final class Twins {
  /// There are other nodes: keys are written, and what tells an envelope that comes again goes into the news.
  var isOn = false
  private let statements: TwinStatements
  /// Those of the last commit, in order.
  private var last: [TwinKey] = []
  /// Those that stood there already as it failed.
  private var taken: Set<TwinKey> = []

  init(_ statements: TwinStatements) {
    self.statements = statements
  }

  /// Another batch is committed.
  func begin() { taken = [] }

  /// A key that stands for something that is still stored by this commit, though all news were read since, is that of an envelope that no node
  /// remembers any more: it is not the same for anybody.
  func write(in commit: PendingCommit) {
    guard !commit.twins.isEmpty else { return }
    last = Set(commit.twins.map(free)).sorted()
    commit.addFirst(statements.insertions(of: last))
  }

  private func free(_ key: TwinKey) -> TwinKey {
    var key = key
    while taken.contains(key) { key = key.next }
    return key
  }

  // MARK: A commit has failed since some stand there already

  func askTaken(in pipeline: inout Pipeline) { statements.taken(last, in: &pipeline) }

  /// - Parameter rows: What was asked before the news.
  func take(_ rows: Rows) { taken.formUnion(TwinStatements.taken(rows)) }
}

@available(*, unavailable)
extension Twins: Sendable {}

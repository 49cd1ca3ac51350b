/// What this node tells the others of: which of its commits had news last. Confined to the store's thread.
final class NewsLog {
  private let statements: NewsStatements
  private(set) var last: Int64 = 0

  init(_ statements: NewsStatements) {
    self.statements = statements
  }

  /// Earlier runs of the slot have left news up to this one.
  func resume(from last: Int64) { self.last = max(self.last, last) }

  /// - Parameter sequence: The commit's.
  func write(sequence: Int64, in commit: PendingCommit) {
    if commit.tells { commit.news.envelopes = commit.arrivals.envelopes }
    guard !commit.news.isEmpty else { return }
    statements.insert(commit.news, sequence: sequence, after: last, in: commit)
  }

  /// A commit is on disk.
  ///
  /// - Returns: Whether the others are to be told at once.
  func committed(_ commit: PendingCommit, sequence: Int64) -> Bool {
    guard !commit.news.isEmpty else { return false }
    last = sequence
    return commit.news.isUrgent
  }
}

@available(*, unavailable)
extension NewsLog: Sendable {}

import RelayCore

/// What the node keeps of its clock, so that the next run goes on from there. Confined to the store's thread.
final class ClockTable: CommitMember {
  private let statements: ClockStatements
  /// When it was last written, and the newest step by then: on disk, and in the commit under way.
  private var committed: (at: Timestamp, step: Timestamp)?
  private var written: (at: Timestamp, step: Timestamp)?

  init(_ statements: ClockStatements) {
    self.statements = statements
  }

  /// Rarely has anything to do.
  ///
  /// - Parameter isLast: However short a time ago it was done.
  func write(_ clock: any SteadyClock, isLast: Bool = false, in commit: PendingCommit) {
    if let committed, !isLast, commit.now < committed.at.advanced(by: SteadyTime.keepingInterval) { return }
    let kept = clock.kept()
    let steps = kept.history.steps.filter { step in committed.map { step.from > $0.step } ?? true }
    statements.write(kept, steps: steps, in: commit)
    written = (commit.now, kept.history.steps.last?.from ?? .epoch)
  }

  func commit() { committed = written }

  func rollback() { written = committed }
}

@available(*, unavailable)
extension ClockTable: Sendable {}

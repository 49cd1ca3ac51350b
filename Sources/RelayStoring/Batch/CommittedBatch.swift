import RelayCore

/// What came of a batch, in the order of its calls.
package struct CommittedBatch {
  /// Whose turn it has become, by the call of the settlements: those of replays last.
  package var turns: [[Delivery]] = []
  package var outcomes: [Result<AppendOutcome, StoreError>] = []
  /// Why it could not be made, for each change; nil: it was.
  package var faults: [StoreError?] = []
  /// Which destinations had deliveries go over their `max_backlog`, and how many.
  package var overflows: [(destination: String, count: Int)] = []
  var replays = ReplayCalls.Written()
  /// What was spent on replays, and on how much of theirs.
  private(set) var replayedTime = Duration.zero
  private(set) var replayedItems = 0

  package init() {}

  /// - Parameter items: Outcomes of theirs, or deliveries that were queued.
  package mutating func spentOnReplays(_ items: Int, since start: ContinuousClock.Instant) {
    replayedTime += start.duration(to: .now)
    replayedItems += items
  }
}

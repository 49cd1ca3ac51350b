import RelayCore

/// What is counted of a destination's attempts. For the transport's thread alone.
final class AttemptRecords {
  let destination: String
  let metrics: DestinationMetrics
  /// What its deliveries are kept in order by.
  var ordering: Ordering
  private(set) var history = AttemptHistory()

  init(_ destination: String, _ metrics: DestinationMetrics, _ ordering: Ordering) {
    self.destination = destination
    self.metrics = metrics
    self.ordering = ordering
  }

  func add(_ result: AttemptResult, type: String, at now: Timestamp) {
    history.add(result, type: type, at: now)
  }
}

@available(*, unavailable)
extension AttemptRecords: Sendable {}

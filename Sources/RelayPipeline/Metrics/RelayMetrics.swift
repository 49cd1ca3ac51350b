import RelayCore

/// Everything that the relay counts.
///
/// Counting takes no lock: counters are atomics, and the tables by name are only ever added to. Whoever counts often
/// holds the `SourceMetrics`, `RouteMetrics` or `DestinationMetrics` of its name. What a reload takes out of the
/// configuration keeps its series until the next start, since attempts may be under way and an orphan be discarded;
/// what comes back goes on from its counts.
package final class RelayMetrics: Sendable {
  /// How a delivery ended. The raw values are those of the metric's label.
  package enum SettledState: String, Sendable, CaseIterable {
    case delivered, dead
    /// By a person.
    case discarded
    /// Over the destination's `max_backlog`.
    case overflow
  }

  let sources = MetricTable<SourceMetrics>()
  let routes = MetricTable<RouteMetrics>()
  let destinations = MetricTable<DestinationMetrics>()
  let noticeReceivers = MetricTable<NoticeMetrics>()
  let refusedRequests = CounterSet<RefusalReason>()
  let commitSeconds = Histogram(.commit)
  let commitBatchSize = Histogram(.batchSize)
  let droppedLogLines: Counter
  /// What people and lanes wanted to know of the store, and could not.
  let storeReadErrors = Counter()
  private let typeTable = EventTypeTable()

  /// - Parameter droppedLogLines: Where the log's writer counts.
  package init(_ configuration: Configuration, droppedLogLines: Counter = Counter()) {
    self.droppedLogLines = droppedLogLines
    configure(configuration)
  }

  /// From now on all that this configuration names has its series, from 0.
  package func configure(_ configuration: Configuration) {
    for source in configuration.sources { _ = self.source(source.name) }
    for route in configuration.routes { _ = self.route(route.name) }
    for destination in configuration.destinations { _ = self.destination(destination.name) }
    for receiver in configuration.notify { _ = notices(receiver.name) }
  }

  package func source(_ name: String) -> SourceMetrics {
    sources.value(name) { SourceMetrics(types: typeTable) }
  }

  package func route(_ name: String) -> RouteMetrics {
    routes.value(name) { RouteMetrics() }
  }

  package func destination(_ name: String) -> DestinationMetrics {
    destinations.value(name) { DestinationMetrics() }
  }

  func notices(_ receiver: String) -> NoticeMetrics {
    noticeReceivers.value(receiver) { NoticeMetrics() }
  }

  /// A request of any path, also of no source's.
  package func refused(_ reason: RefusalReason) {
    refusedRequests.add(to: reason)
  }

  /// The types of events that have come since the start: the first 100.
  package var eventTypes: [String] { typeTable.labels.map(\.label) }

  // MARK: By name

  /// By a person.
  package func discarded(_ destination: String, _ count: Int) {
    self.destination(destination).settled(.discarded, count)
  }

  package func overflowed(_ destination: String, _ count: Int) {
    self.destination(destination).settled(.overflow, count)
  }

  /// - Parameter operations: The envelopes and settlements of the transaction.
  package func commit(_ duration: Duration, operations: Int) {
    commitSeconds.observe(duration)
    commitBatchSize.observe(operations)
  }
}

import RelayCore

/// What is counted of one destination. Held by whoever delivers to it.
package final class DestinationMetrics: Sendable {
  let attempts = CounterSet<AttemptOutcome>()
  let settledDeliveries = CounterSet<RelayMetrics.SettledState>()
  let attemptSeconds = Histogram(.attempt)
  let requestEvents = Histogram(.requestEvents)
  let latencySeconds = Histogram(.deliveryLatency)
  private let recentEvents = RecentMean()

  /// - Parameter events: How many events the request carried.
  package func attempt(_ result: AttemptResult, events: Int = 1) {
    attempts.add(to: AttemptOutcome(AttemptCause(result)))
    attemptSeconds.observe(result.duration)
    requestEvents.observe(events)
    recentEvents.add(Double(events))
  }

  /// How many events a request carried, on the average of the last fifty or so; nil: there was no request.
  package var eventsPerRequest: Double? { recentEvents.value }

  /// - Parameter latency: Of a delivered one: from receipt to delivery.
  package func settled(_ state: RelayMetrics.SettledState, _ count: Int = 1, latency: Duration? = nil) {
    settledDeliveries.add(count, to: state)
    if let latency { latencySeconds.observe(latency) }
  }
}

import RelayCore

/// What is counted of one destination. Held by whoever delivers to it.
package final class DestinationMetrics: Sendable {
  let attempts = CounterSet<AttemptOutcome>()
  let settledDeliveries = CounterSet<RelayMetrics.SettledState>()
  let attemptSeconds = Histogram(.attempt)
  let latencySeconds = Histogram(.deliveryLatency)

  package func attempt(_ result: AttemptResult) {
    attempts.add(to: AttemptOutcome(AttemptCause(result)))
    attemptSeconds.observe(result.duration)
  }

  /// - Parameter latency: Of a delivered one: from receipt to delivery.
  package func settled(_ state: RelayMetrics.SettledState, _ count: Int = 1, latency: Duration? = nil) {
    settledDeliveries.add(count, to: state)
    if let latency { latencySeconds.observe(latency) }
  }
}

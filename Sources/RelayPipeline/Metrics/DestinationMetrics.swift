import RelayCore

/// What is counted of one destination. Held by whoever delivers to it.
package final class DestinationMetrics: Sendable {
  let attempts = CounterSet<AttemptOutcome>()
  let settledDeliveries = CounterSet<RelayMetrics.SettledState>()
  let attemptSeconds = Histogram(.attempt)
  let latencySeconds = Histogram(.deliveryLatency)

  package func attempt(_ result: AttemptResult) {
    attempts.add(to: AttemptOutcome(result))
    attemptSeconds.observe(result.duration)
  }

  /// - Parameter latency: Of a delivered one: from receipt to delivery.
  package func settled(_ state: RelayMetrics.SettledState, _ count: Int = 1, latency: Duration? = nil) {
    settledDeliveries.add(count, to: state)
    if let latency { latencySeconds.observe(latency) }
  }
}

/// What came of an attempt, as the metric's label says it.
enum AttemptOutcome: String, Sendable, CaseIterable {
  case success = "2xx"
  case redirection = "3xx"
  case clientError = "4xx"
  case serverError = "5xx"
  /// No status in time, or not even a connection.
  case timeout
  /// No status for any other reason, or one below 200, which ends no exchange.
  case network

  init(_ result: AttemptResult) {
    switch result.response {
    case .status(let code, _, _):
      switch code {
      case 200..<300: self = .success
      case 300..<400: self = .redirection
      case 400..<500: self = .clientError
      // A status that HTTP does not have is as bad as 5xx (RFC 9110, 15).
      case 500...: self = .serverError
      default: self = .network
      }
    case .failure(let failure):
      switch failure.kind {
      case .timeout, .connectTimeout: self = .timeout
      case .nameResolution, .connectionRefused, .connection, .tls, .reset, .other: self = .network
      }
    }
  }
}

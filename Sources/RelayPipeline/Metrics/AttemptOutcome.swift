import RelayCore

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

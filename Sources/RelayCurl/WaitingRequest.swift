import RelayCore

/// A request that waits at an endpoint's gate: for its host's name, or for an access token.
struct WaitingRequest {
  var request: AttemptRequest
  var startedAt: Timestamp
  var since: ContinuousClock.Instant
  /// When it is looked at again.
  var deadline: ContinuousClock.Instant
}

/// What the store is to record of one attempt: the attempt, the outcome and the next time, in one transaction.
public struct Settlement: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    case delivered
    /// Pending, due later.
    case retry(at: Timestamp)
    case dead(DeathReason)
  }

  public var delivery: DeliveryID
  /// The attempts made, this one included.
  public var attempts: Int
  public var attempt: AttemptResult
  public var outcome: Outcome

  public init(delivery: DeliveryID, attempts: Int, attempt: AttemptResult, outcome: Outcome) {
    self.delivery = delivery
    self.attempts = attempts
    self.attempt = attempt
    self.outcome = outcome
  }
}

extension Destination {
  /// What follows from an attempt: the one place that turns an answer into an outcome.
  ///
  /// - Parameters:
  ///   - attempts: The attempts made, this one included.
  ///   - random: Uniform in 0..<1, for the jitter.
  public func outcome(
    of attempt: AttemptResult, attempts: Int, since: Timestamp, now: Timestamp, random: Double
  ) -> Settlement.Outcome {
    if attempt.isSuccess { return .delivered }
    if let status = attempt.status, permanentStatuses.contains(status) { return .dead(.permanent) }
    if let limit = retry.maxAttempts, attempts >= limit { return .dead(.exhausted) }
    if since.duration(to: now) >= retry.maxAge { return .dead(.expired) }
    return .retry(at: now.advanced(by: retry.delay(afterAttempt: attempts, random: random)))
  }

  /// How long the whole destination is to be left alone after this answer: `Retry-After` on 429 and 503, at most
  /// an hour.
  public static func hold(after attempt: AttemptResult) -> Duration? {
    guard case .status(let code, _, let retryAfter?) = attempt.response, code == 429 || code == 503 else {
      return nil
    }
    return min(retryAfter, .seconds(3600))
  }
}

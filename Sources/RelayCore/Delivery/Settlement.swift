/// What the store is to record of one attempt: the attempt, the outcome and the next time, in one transaction.
package struct Settlement: Sendable, Equatable {
  package enum Outcome: Sendable, Equatable {
    case delivered
    /// Pending, due later.
    case retry(at: Timestamp)
    case dead(DeathReason)
  }

  package var delivery: DeliveryID
  /// Where it stands: outcomes of what replays have queued give way to all others.
  package var queue: DeliveryQueue
  /// The attempts made, this one included.
  package var attempts: Int
  /// Those of them that count toward the limits.
  package var countedAttempts: Int
  package var attempt: AttemptResult
  package var outcome: Outcome
  /// When the delivery last failed as a probe; nil: never.
  package var probedAt: Timestamp?
  /// How many of its order key are handed out together, where it makes way for the next ones.
  package var runLimit = 1

  package init(
    delivery: DeliveryID, in queue: DeliveryQueue = .live, attempts: Int, countedAttempts: Int? = nil,
    attempt: AttemptResult, outcome: Outcome, probedAt: Timestamp? = nil
  ) {
    self.delivery = delivery
    self.queue = queue
    self.attempts = attempts
    self.countedAttempts = countedAttempts ?? attempts
    self.attempt = attempt
    self.outcome = outcome
    self.probedAt = probedAt
  }
}

extension Destination {
  /// What follows from an attempt: the one place that turns an answer into an outcome.
  ///
  /// - Parameters:
  ///   - countedAttempts: The attempts made that count, this one included; after an answer that blames the clock, which
  ///     kills nothing, all that were made: they lengthen the delay.
  ///   - age: How long the destination has been in service since `Delivery.since`.
  ///   - random: Uniform in 0..<1, for the jitter.
  package func outcome(
    of attempt: AttemptResult, countedAttempts: Int, age: Duration, now: Timestamp, random: Double
  ) -> Settlement.Outcome {
    if attempt.isSuccess { return .delivered }
    if !attempt.blamesClock {
      if isPermanent(attempt) { return .dead(.permanent) }
      if let limit = retry.maxAttempts, countedAttempts >= limit { return .dead(.exhausted) }
      if age >= retry.maxAge { return .dead(.expired) }
    }
    return .retry(at: now.advanced(by: retry.delay(afterAttempt: countedAttempts, random: random)))
  }

  /// What follows from a probe of an open circuit. It counts toward no limit, and is due again at once: the circuit
  /// spaces the probes.
  package func outcome(ofProbe attempt: AttemptResult, now: Timestamp) -> Settlement.Outcome {
    if attempt.isSuccess { return .delivered }
    return isPermanent(attempt) && !attempt.blamesClock ? .dead(.permanent) : .retry(at: now)
  }

  /// Whether the answer may mean that the relay's clock is wrong, and nothing else: a 4xx to a signed request, of a
  /// destination whose clock shows another time. Receivers refuse signatures that are minutes old, or yet to come.
  ///
  /// - Parameter offset: How far the relay's clock is ahead of the destination's; nil: nobody knows.
  package func blamesClock(_ attempt: AttemptResult, offset: Duration?) -> Bool {
    guard !signingSecrets.isEmpty, let offset, ClockComparison.isOff(offset) else { return false }
    return attempt.status.map { (400..<500).contains($0) } ?? false
  }

  /// Whether it says that the event, or one of those that a batch held, is not taken, ever.
  func refusesEvents(_ attempt: AttemptResult) -> Bool {
    attempt.blame == .event || isPermanent(attempt) && !attempt.blamesClock
  }

  private func isPermanent(_ attempt: AttemptResult) -> Bool {
    attempt.status.map(permanentStatuses.contains) ?? false
  }

  /// How long the whole destination is to be left alone after this answer: `Retry-After` on 429 and 503, at most
  /// an hour.
  package static func retryAfter(in attempt: AttemptResult) -> Duration? {
    guard case .status(let code, _, let retryAfter?) = attempt.response, code == 429 || code == 503 else {
      return nil
    }
    return min(retryAfter, .seconds(3600))
  }
}

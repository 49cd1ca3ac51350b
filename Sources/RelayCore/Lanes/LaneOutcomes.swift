/// What follows for a delivery from an attempt, as far as its lane has to say: how old it is, and whether it may die of that.
///
/// Where an order is kept, an outage costs at most one delivery in each `max_age`; and the head of an order that opened the
/// circuit goes on ageing while that is open.
struct LaneOutcomes: Sendable {
  /// How long the circuit has been open this time, pauses left out; or since a person has retried something.
  private var openTime = SuspendedTime()
  /// When one last died of its age, on a clock that stands still during pauses; nil: none has since something succeeded.
  private var lastExpiry: Timestamp?

  // MARK: Deciding

  /// What is to be recorded of an attempt.
  ///
  /// - Parameter suspended: How long the destination has been left alone.
  mutating func settlement(
    of delivery: Delivery, _ result: AttemptResult, _ blame: Blame, isProbe: Bool, _ destination: Destination,
    _ circuit: Circuit, _ suspended: SuspendedTime, now: Timestamp, random: Double
  ) -> Settlement {
    let counted = delivery.countedAttempts + (isProbe || result.blamesClock ? 0 : 1)
    let outcome =
      isProbe
      ? outcome(ofProbe: delivery, result, blame, destination, circuit, suspended, now: now)
      : outcome(
        of: delivery, result, blame, counted: counted, destination, circuit, suspended, now: now,
        random: random)
    if outcome == .dead(.expired) { expired(suspended, at: now) }
    return settlement(
      of: delivery, result, outcome, counted: counted,
      probedAt: isProbe && !result.isSuccess ? now : delivery.probedAt)
  }

  /// The same of one among several to which an answer came that refuses events: it counts toward nobody's limits, and all go
  /// again at once, in less company.
  func refusal(
    of delivery: Delivery, _ result: AttemptResult, now: Timestamp
  ) -> Settlement {
    settlement(
      of: delivery, result, .retry(at: now), counted: delivery.countedAttempts, probedAt: delivery.probedAt)
  }

  /// The same of one among several that have all failed: it may be another one's fault, so nobody dies of it, and what would have
  /// been the last attempt does not count.
  mutating func settlement(
    inCompany delivery: Delivery, _ result: AttemptResult, _ blame: Blame, _ destination: Destination,
    _ circuit: Circuit, _ suspended: SuspendedTime, now: Timestamp, random: Double
  ) -> Settlement {
    let known = self
    let settlement = settlement(
      of: delivery, result, blame, isProbe: false, destination, circuit, suspended, now: now, random: random)
    guard case .dead = settlement.outcome else { return settlement }
    self = known
    let delay = destination.retry.delay(afterAttempt: max(1, delivery.countedAttempts), random: random)
    return self.settlement(
      of: delivery, result, .retry(at: now.advanced(by: delay)), counted: delivery.countedAttempts,
      probedAt: delivery.probedAt)
  }

  private func settlement(
    of delivery: Delivery, _ result: AttemptResult, _ outcome: Settlement.Outcome, counted: Int,
    probedAt: Timestamp?
  ) -> Settlement {
    Settlement(
      delivery: delivery.id, in: delivery.queue, attempts: delivery.attempts + 1, countedAttempts: counted,
      attempt: result, outcome: outcome, probedAt: probedAt)
  }

  /// - Parameters:
  ///   - counted: The attempts that count, this one included.
  ///   - suspended: How long the destination has been left alone.
  func outcome(
    of delivery: Delivery, _ result: AttemptResult, _ blame: Blame, counted: Int, _ destination: Destination,
    _ circuit: Circuit, _ suspended: SuspendedTime, now: Timestamp, random: Double
  ) -> Settlement.Outcome {
    guard !result.isSuccess else { return .delivered }
    let outcome = destination.outcome(
      of: result, countedAttempts: result.blamesClock ? delivery.attempts + 1 : counted,
      age: Self.age(of: delivery, suspended, at: now), now: now, random: random)
    guard outcome == .dead(.expired), blame != .event, !mayExpire(destination, suspended, at: now),
      !circuit.ignoresFailures(of: delivery)
    else { return outcome }
    // Its order key's outage has cost one just now.
    return .retry(
      at: now.advanced(by: destination.retry.delay(afterAttempt: counted, random: random)))
  }

  /// The same for a probe of an open circuit.
  func outcome(
    ofProbe delivery: Delivery, _ result: AttemptResult, _ blame: Blame, _ destination: Destination,
    _ circuit: Circuit, _ suspended: SuspendedTime, now: Timestamp
  ) -> Settlement.Outcome {
    let outcome = destination.outcome(ofProbe: result, now: now)
    guard case .retry = outcome, blame == .destination, !result.blamesClock, circuit.isByHeads,
      mayExpire(destination, suspended, at: now)
    else { return outcome }
    // What came while it was open has not been there for all of that time.
    let open = min(openTime.total(at: now), delivery.event.envelope.receivedAt.duration(to: now))
    let age = Self.age(of: delivery, suspended, at: now) + open
    return age >= destination.retry.maxAge ? .dead(.expired) : outcome
  }

  private static func age(of delivery: Delivery, _ suspended: SuspendedTime, at now: Timestamp) -> Duration {
    delivery.since.duration(to: suspended.serviceTime(at: now))
  }

  private func mayExpire(_ destination: Destination, _ suspended: SuspendedTime, at now: Timestamp) -> Bool {
    guard destination.ordering != .none, let lastExpiry else { return true }
    return lastExpiry.duration(to: unpausedTime(suspended, at: now)) >= destination.retry.maxAge
  }

  /// The time now on a clock that stands still during pauses.
  private func unpausedTime(_ suspended: SuspendedTime, at now: Timestamp) -> Timestamp {
    suspended.serviceTime(at: now).advanced(by: openTime.total(at: now))
  }

  // MARK: What happens

  /// One dies of its age.
  mutating func expired(_ suspended: SuspendedTime, at now: Timestamp) {
    lastExpiry = unpausedTime(suspended, at: now)
  }

  /// An attempt succeeded.
  mutating func succeeded() {
    if lastExpiry != nil { lastExpiry = nil }
  }

  /// A person has retried some: their limits begin anew, so this opening's time counts from now on.
  mutating func retriedByPerson(at now: Timestamp) {
    lastExpiry = lastExpiry?.advanced(by: .zero - openTime.total(at: now))
    openTime = SuspendedTime()
  }

  /// Call it in every turn.
  mutating func advance(isOpen: Bool, isPaused: Bool, to now: Timestamp) {
    if isOpen {
      openTime.set(isSuspended: !isPaused, at: now)
    } else if openTime != SuspendedTime() {
      openTime = SuspendedTime()
    }
  }
}

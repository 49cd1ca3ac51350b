/// What a lane starts, and what follows from how it ends.
extension Lane {
  /// An attempt that has ended.
  struct Ended: Sendable {
    var delivery: Delivery
    var settlement: Settlement
    var isProbe: Bool
    /// Whether the circuit is in another state now.
    var changesCircuit: Bool
  }

  /// From when on the next attempt may start; nil: not before an input comes. Before it, nothing may.
  var nextStart: Timestamp? {
    guard takesDeliveries, destination.pausedAt == nil, unsettled < Self.maxUnsettled,
      inFlight.count < slots, !fresh.isEmpty || mayRetry, let circuitStart = circuit.startsFrom
    else { return nil }
    var start = circuitStart
    if let pausedUntil = standing.pausedUntil {
      guard pausedUntil != .distantFuture else { return nil }
      start = max(start, pausedUntil)
    }
    if let heldUntil { start = max(start, heldUntil) }
    if let bucket { start = max(start, bucket.next) }
    return start
  }

  private var slots: Int { circuit.slots(of: destination.concurrency) }

  /// Retries leave slots free.
  private var mayRetry: Bool {
    guard !retrying.isEmpty else { return false }
    let slots = slots
    return retriesInFlight < (slots == 1 ? 1 : slots - max(1, slots / 4))
  }

  /// The next delivery to attempt now, which then is in flight; nil if none may start.
  mutating func nextAttempt(now: Timestamp) -> Delivery? {
    bucket?.advance(to: now)
    guard let start = nextStart, start <= now else { return nil }
    guard let delivery = circuit.isOpen ? takeProbe() : takeTurn() else { return nil }
    bucket?.take()
    circuit.started(delivery.id, at: now, policy: destination.circuit)
    if delivery.attempts > 0 { retriesInFlight += 1 }
    inFlight[delivery.id] = delivery
    return delivery
  }

  /// Fresh deliveries and retries take turns.
  private mutating func takeTurn() -> Delivery? {
    let kind: ClaimRequest.Kind = !mayRetry ? .fresh : fresh.isEmpty ? .retrying : nextTurn
    nextTurn = kind == .fresh ? .retrying : .fresh
    return kind == .fresh ? fresh.popFirst() : retrying.popFirst()
  }

  /// Of all that it holds the one that was probed longest ago.
  private mutating func takeProbe() -> Delivery? {
    let candidates = (fresh.nextProbe, mayRetry ? retrying.nextProbe : nil)
    switch candidates {
    case (nil, nil): return nil
    case (let first?, let retry?) where !retry.isProbed(before: first): fallthrough
    case (let first?, nil):
      fresh.remove(first.id)
      return first
    case (_, let retry?):
      retrying.remove(retry.id)
      return retry
    }
  }

  /// An attempt ended.
  ///
  /// - Parameter random: Uniform in 0..<1.
  /// - Returns: What is to be recorded; nil for a delivery that this lane did not start.
  mutating func finished(
    _ id: DeliveryID, result: AttemptResult, now: Timestamp, random: Double
  ) -> Ended? {
    guard let delivery = inFlight.removeValue(forKey: id) else { return nil }
    if delivery.attempts > 0 { retriesInFlight -= 1 }
    unsettled += 1
    let isProbe = circuit.probe == id
    let settlement = settlement(of: delivery, result, isProbe: isProbe, now: now, random: random)
    let blame = result.blame
    if blame == .destination || blame == .connection { lastFailure = result.response.withoutBody }
    if let hold = Destination.hold(after: result) {
      heldUntil = max(heldUntil ?? .epoch, now.advanced(by: hold))
    }
    let changesCircuit = circuit.finished(id, blame, at: now, of: destination)
    return Ended(
      delivery: delivery, settlement: settlement, isProbe: isProbe, changesCircuit: changesCircuit)
  }

  private func settlement(
    of delivery: Delivery, _ result: AttemptResult, isProbe: Bool, now: Timestamp, random: Double
  ) -> Settlement {
    let attempts = delivery.attempts + 1
    if isProbe {
      return Settlement(
        delivery: delivery.id, attempts: attempts, countedAttempts: delivery.countedAttempts, attempt: result,
        outcome: destination.outcome(ofProbe: result, now: now),
        probedAt: result.isSuccess ? delivery.probedAt : now)
    }
    let counted = delivery.countedAttempts + 1
    let age = delivery.since.duration(to: standing.suspended.serviceTime(at: now))
    let outcome = destination.outcome(
      of: result, countedAttempts: counted, age: age, now: now, random: random)
    return Settlement(
      delivery: delivery.id, attempts: attempts, countedAttempts: counted, attempt: result, outcome: outcome,
      probedAt: delivery.probedAt)
  }

  /// An outcome is on disk.
  mutating func settled(_ outcome: Settlement.Outcome, now: Timestamp) {
    unsettled -= 1
    if case .retry(let due) = outcome { retryBacklog.falls(due: due) } else { pace.add(at: now) }
  }
}

extension AttemptResult.Response {
  fileprivate var withoutBody: AttemptResult.Response {
    if case .status(let code, _, let retryAfter) = self {
      .status(code, body: [], retryAfter: retryAfter)
    } else {
      self
    }
  }
}

/// One destination's deliveries on their way: a bounded window in memory, the rest in the store, oldest first.
///
/// A pure state machine: inputs change it; `nextAttempt`, `nextClaim` and `deadline` say what to do. Its parts have the
/// rules: the `LaneWindows` what is held and what is asked of the store, the `LaneSlots` what starts next, the `Circuit` and the
/// `StartGate` whether anything may start, the `LaneOutcomes` what follows for a delivery from its attempt.
/// docs/decisions/0007-quiet-lanes.md says why a lane can be held.
package struct Lane: Sendable {
  /// An attempt that has ended.
  struct Ended: Sendable {
    var delivery: Delivery
    var settlement: Settlement
    var isProbe: Bool
    /// Whether the circuit is in another state now.
    var changesCircuit: Bool
  }

  package private(set) var destination: Destination
  /// Its destination is no longer configured: it only brings to an end what is under way.
  private(set) var isRemoved = false
  /// It keeps nothing but what is in flight, and takes nothing, until it is resumed.
  private var isHeld: Bool

  private(set) var windows: LaneWindows
  private(set) var slots = LaneSlots()
  private(set) var circuit = Circuit()
  private var gate: StartGate
  private var outcomes = LaneOutcomes()
  private var trouble = Trouble()
  private var pace = Pace()
  private var limit = ConcurrencyLimit()
  /// nil: it is not paused.
  private var pausedSince: Timestamp?
  /// When its circuit changed last.
  private var circuitSince: Timestamp?
  /// How far the relay's wall clock is ahead of the destination's; nil: it has not told the time.
  private var clockOffset: Duration?

  init(
    destination: Destination, window: WindowSize, standing: Standing = Standing(), isHeld: Bool = false,
    mayHaveReplays: Bool = false
  ) {
    self.destination = destination
    windows = LaneWindows(size: window, mayHaveReplays: mayHaveReplays)
    self.isHeld = isHeld
    gate = StartGate(standing: standing, rate: destination.rate)
  }

  /// Whether deliveries may be given to it.
  var takesDeliveries: Bool { !isRemoved && !isHeld }

  /// A claim of either kind is under way.
  var isClaiming: Bool { windows.isClaiming }

  /// Nothing is in flight, nothing waits for the disk or for a claim's answer.
  var isQuiet: Bool { slots.isQuiet && !isClaiming }

  /// Every outcome is on disk.
  var isSettled: Bool { slots.unsettled == 0 }

  /// What outlasts it.
  var standing: Standing { gate.standing }

  private func isPaused(at now: Timestamp) -> Bool {
    destination.pausedAt != nil || gate.standing.isPaused(at: now)
  }

  // MARK: What is to be done

  /// When to look at this lane without an input; nil: not before one comes.
  ///
  /// - Parameter mayStart: Whether attempts may start at all.
  func deadline(now: Timestamp, mayStart: Bool = true) -> Timestamp? {
    let deadline = Timestamp.earliest(gate.standing.pauseLook(now: now), mayStart ? nextStart : nil)
    return isHeld ? deadline : .earliest(deadline, windows.claimsFrom(lacksTriable: lacksTriable))
  }

  /// From when on the next attempt may start; nil: not before an input comes. Before it, nothing may.
  private var nextStart: Timestamp? {
    guard takesDeliveries, destination.pausedAt == nil,
      slots.mayStart(windows.live, circuit, of: destination.concurrency)
        || slots.mayReplay(windows.replays, circuit, of: destination.concurrency),
      let circuitStart = circuit.startsFrom, let gateOpens = gate.opensAt
    else { return nil }
    return max(circuitStart, gateOpens)
  }

  /// The next delivery to attempt now, which then is in flight; nil if none may start.
  mutating func nextAttempt(now: Timestamp) -> Delivery? {
    gate.advanceRate(to: now)
    guard let start = nextStart, start <= now else { return nil }
    let delivery = windows.change { live, replays in
      slots.start(
        from: &live, &replays, &circuit, of: destination.concurrency, destination.circuit, now: now)
    }
    guard let delivery else { return nil }
    gate.attemptStarted()
    return delivery
  }

  /// Call it at the end of every turn, once all has started that may.
  mutating func noteSlots(at now: Timestamp, mayStart: Bool) {
    let isFull =
      slots.areTaken(of: destination.concurrency) && mayStart && takesDeliveries && windows.live.hasReady
      && circuit.isClosed && !isPaused(at: now) && gate.opensAt.map { $0 <= now } ?? false
    limit.note(isFull: isFull, at: now)
  }

  /// A wish for work; then a claim is under way.
  mutating func nextClaim(now: Timestamp) -> ClaimRequest? {
    guard takesDeliveries, let (queue, wish) = windows.nextWish(now: now, lacksTriable: lacksTriable) else {
      return nil
    }
    return ClaimRequest(
      destination: destination.name, queue: queue, kind: wish.kind, now: now,
      latestDue: wish.after == nil ? latestDue(now: now) : .distantFuture, limit: wish.limit,
      byteLimit: wish.byteLimit, after: wish.after)
  }

  /// What its window holds can't be tried now: the circuit waits for another kind, or all that is ready is refused.
  private var lacksTriable: Bool {
    circuit.lacksTrials
      || (slots.isSelective(circuit) && windows.live.fresh.hasAside && !windows.live.fresh.hasReady)
  }

  /// Nothing may be due later.
  private func latestDue(now: Timestamp) -> Timestamp { now.advanced(by: destination.retry.longestDelay) }

  // MARK: What comes into the window

  /// A fresh delivery, just committed and claimed for this lane.
  ///
  /// - Returns: Its id if the lane can't hold it: it goes back to the store.
  mutating func arrived(_ delivery: Delivery) -> DeliveryID? {
    switch windows.change(.live, { $0.arrived(delivery) }) {
    case .ready:
      if circuit.isOpen && circuit.allows(delivery) { circuit.gotMoreToTry() }
      return nil
    case .waiting: return nil
    case .returned: return delivery.id
    }
  }

  /// A delivery whose turn has come in its order key, claimed for this lane.
  ///
  /// - Returns: Its id if it goes back to the store.
  mutating func promoted(_ delivery: Delivery, now: Timestamp) -> DeliveryID? {
    let latest = now.advanced(by: destination.retry.longestDelay)
    let isKept = windows.change(delivery.queue) {
      $0.promoted(delivery, now: now, latestDue: latest)
    }
    guard isKept else { return delivery.id }
    circuit.gotMoreToTry()
    return nil
  }

  /// A replay has queued some.
  mutating func replayQueued() { windows.replayQueued() }

  /// The store has answered a claim.
  ///
  /// - Returns: Those that must go back: some that arrived meanwhile, since older ones are still in the store; all,
  ///   where the lane takes none any more.
  @discardableResult
  mutating func claimed(_ claim: Claim, now: Timestamp) -> [DeliveryID] {
    if claim.isBeyond {
      let takesDeliveries = takesDeliveries
      let others = windows.change(.live) {
        $0.lookedBeyond(claim, circuit, takesDeliveries: takesDeliveries, now: now)
      }
      if others.count < claim.deliveries.count { circuit.gotMoreToTry() }
      return others
    }
    circuit.gotMoreToTry()
    let takesDeliveries = takesDeliveries
    return windows.change(claim.queue) { window in
      let refused = window.claimed(claim, now: now)
      return takesDeliveries ? refused : refused + window.giveUp()
    }
  }

  // MARK: How attempts end

  /// An attempt ended.
  ///
  /// - Parameter random: Uniform in 0..<1.
  /// - Returns: What is to be recorded; nil for a delivery that this lane did not start.
  mutating func finished(
    _ id: DeliveryID, result: AttemptResult, now: Timestamp, random: Double
  ) -> Ended? {
    guard let delivery = slots.end(id) else { return nil }
    if let offset = result.clockOffset { clockOffset = offset }
    limit.attemptEnded(took: result.duration, at: now)
    var result = result
    result.blamesClock = destination.blamesClock(result, offset: clockOffset)
    let blame = result.blame
    // A trial that the event itself has failed is an attempt like any other.
    let isProbe = blame == .event ? circuit.probe == id : circuit.isProbeOrTrial(id)
    let isAlone = blame == .destination && isAlone(delivery)
    let settlement = settlement(of: delivery, result, blame, isProbe: isProbe, now: now, random: random)
    if settlement.outcome == .dead(.expired) { outcomes.expired(gate.standing.suspended, at: now) }
    if let wait = Destination.retryAfter(in: result) { gate.keepRetryAfter(wait, from: now) }
    let (wasOpen, refusedCount) = (circuit.isOpen, circuit.refused.count)
    let changesCircuit = circuit.finished(delivery, blame, isAlone: isAlone, at: now, of: destination)
    if changesCircuit { circuitSince = now }
    follow(wasOpen: wasOpen, refusedCount: refusedCount, delivery)
    let isHead = isAlone || circuit.isByHeads || destination.ordering == .destination
    if blame == .none { outcomes.succeeded() }
    trouble.attemptEnded(delivery, result.response, blame, settlement.outcome, isHead: isHead, at: now)
    return Ended(
      delivery: delivery, settlement: settlement, isProbe: isProbe, changesCircuit: changesCircuit)
  }

  /// What may start is another matter after an attempt's end.
  private mutating func follow(wasOpen: Bool, refusedCount: Int, _ delivery: Delivery) {
    let isServedAgain = circuit.refused.count < refusedCount
    if circuit.isOpen || isServedAgain { windows.takeBackAside() }
    if isServedAgain || circuit.isOpen && !wasOpen { windows.change(.live) { $0.startLookingOver() } }
    guard wasOpen else { return }
    if circuit.isOpen {
      windows.change(.live) { $0.triedWhileOpen(EventKind(delivery.event)) }
    } else if !isServedAgain {
      windows.change(.live) { $0.openingEnded(refused: circuit.refused) }
    }
  }

  /// Whether an order left nothing to be tried but deliveries whose failures count already: this one and such as it.
  private func isAlone(_ delivery: Delivery) -> Bool {
    destination.ordering != .none && circuit.hasCounted(delivery.id)
      && slots.inFlight.keys.allSatisfy(circuit.hasCounted) && windows.hasNothing(but: circuit.hasCounted)
  }

  private func settlement(
    of delivery: Delivery, _ result: AttemptResult, _ blame: Blame, isProbe: Bool, now: Timestamp,
    random: Double
  ) -> Settlement {
    let counted = delivery.countedAttempts + (isProbe || result.blamesClock ? 0 : 1)
    let suspended = gate.standing.suspended
    let outcome =
      isProbe
      ? outcomes.outcome(ofProbe: delivery, result, blame, destination, circuit, suspended, now: now)
      : outcomes.outcome(
        of: delivery, result, blame, counted: counted, destination, circuit, suspended, now: now,
        random: random)
    return Settlement(
      delivery: delivery.id, in: delivery.queue, attempts: delivery.attempts + 1, countedAttempts: counted,
      attempt: result, outcome: outcome, probedAt: isProbe && !result.isSuccess ? now : delivery.probedAt)
  }

  /// An outcome is on disk.
  mutating func settled(_ outcome: Settlement.Outcome, of queue: DeliveryQueue = .live, now: Timestamp) {
    slots.settled(queue)
    switch outcome {
    case .retry(let due): windows.change(queue) { $0.becomesDue(at: due) }
    case .delivered, .dead: pace.add(at: now)
    }
  }

  // MARK: What the configuration and the time do

  /// The destination is configured anew, or again: what a removed lane gave back is in the store, whatever a claim
  /// that is still under way says.
  ///
  /// - Returns: Whether its circuit is in another state now.
  mutating func reconfigure(_ destination: Destination) -> Bool {
    let isMoved = isRemoved || !self.destination.differsAtMostInPause(from: destination)
    // Another server has asked for no time, and told none.
    if self.destination.url != destination.url {
      gate.endRetryAfter()
      clockOffset = nil
    }
    if isMoved { limit = ConcurrencyLimit() }
    // What waits in the store for longer than is allowed now is brought within it by a claim.
    if destination.retry.longestDelay < self.destination.retry.longestDelay {
      windows.storeMayHaveMore(.retrying)
    }
    self.destination = destination
    gate.change(to: destination.rate)
    if isRemoved {
      isRemoved = false
      lookIntoStore()
    }
    return isMoved && beginAnew()
  }

  mutating func resize(_ window: WindowSize) { windows.resize(to: window) }

  /// Its destination is no longer configured.
  ///
  /// - Returns: What it gives back.
  mutating func remove() -> [DeliveryID] {
    isRemoved = true
    return windows.giveUp()
  }

  /// Begins and ends what depends on the time alone: call it in every turn.
  ///
  /// - Returns: Whether its suspended time began or ended.
  mutating func advance(to now: Timestamp) -> Bool {
    gate.advance(to: now)
    let (isPaused, isOpen) = (isPaused(at: now), circuit.isOpen)
    if isPaused != (pausedSince != nil) {
      // A pause that has outlived a restart began when the time did that is kept of it.
      let kept = isOpen ? nil : gate.standing.suspended.since
      pausedSince = isPaused ? kept ?? now : nil
    }
    let isChanged = gate.setSuspended(isPaused || isOpen, at: now)
    outcomes.advance(isOpen: isOpen, isPaused: isPaused, to: now)
    return isChanged
  }

  /// The wall clock was set forward by this much, or back (negative).
  mutating func wallClockStepped(by step: Duration) {
    gate.wallClockStepped(by: step)
    clockOffset = clockOffset.map { $0 + step }
  }

  // MARK: What people do

  /// Lets go of all that is not in flight, and takes nothing more until it is resumed.
  ///
  /// - Returns: What it gives back.
  mutating func hold() -> [DeliveryID] {
    isHeld = true
    return windows.giveUp()
  }

  /// All that it owes is in the store, in whatever order.
  mutating func resume() {
    isHeld = false
    lookIntoStore()
    trouble.forgetHead()
  }

  /// - Parameter hasReplays: The store has some that replays have queued.
  mutating func restore(_ standing: Standing, hasReplays: Bool) {
    gate.restore(standing)
    if hasReplays { windows.hasStoredReplays() }
  }

  /// - Parameter end: By the steady clock; `distantFuture`: until it is lifted; nil: it is lifted.
  mutating func pause(until end: Timestamp?) { gate.pause(until: end) }

  /// A person says that the destination is well: what it asked for with `Retry-After` no longer counts, and a probe is
  /// due at once.
  ///
  /// - Returns: Whether its circuit is in another state now.
  mutating func endRetryAfter() -> Bool {
    gate.endRetryAfter()
    return beginAnew()
  }

  private mutating func beginAnew() -> Bool {
    windows.takeBackAside()
    windows.change(.live) { $0.startLookingOver() }
    return circuit.begunAnew(destination)
  }

  private mutating func lookIntoStore() {
    for kind in ClaimRequest.Kind.allCases { windows.storeMayHaveMore(kind) }
  }

  /// A person has retried some: dead ones of replays may be among them.
  mutating func retriedByPerson(at now: Timestamp) {
    windows.retriedByPerson()
    outcomes.retriedByPerson(at: now)
  }

  // MARK: What is told of it

  /// What its circuit has become.
  var circuitChange: CircuitChange {
    switch circuit.state {
    case .open: .opened(failure: trouble.lastFailure?.words ?? "")
    case .recovering: .recovering
    case .closed: .closed
    }
  }

  func status(at now: Timestamp) -> LaneStatus {
    let standing = gate.standing
    var status = LaneStatus(
      name: destination.name, isPaused: isPaused(at: now),
      pausedUntil: standing.isPaused(at: now) ? standing.pausedUntil : nil, circuit: circuit.state,
      heldUntil: gate.retryAfterEnd(at: now), inFlight: Set(slots.inFlight.keys),
      lastFailure: trouble.lastFailure?.words, pace: pace.perSecond(at: now), isRemoved: isRemoved)
    if circuit.isOpen { status.nextProbe = circuit.startsFrom.map { max($0, status.heldUntil ?? $0) } }
    status.isRateUsedUp = gate.isRateUsedUp(at: now)
    if status.isPaused { status.pausedSince = pausedSince }
    if case .recovering = circuit.state { status.recoveringSince = circuitSince }
    status.failures = trouble.failures
    if trouble.isDestinations || trouble.failures >= destination.circuit.failures {
      status.failingSince = trouble.since
    }
    status.stuckHead = trouble.head
    status.refusedKinds = circuit.refused.lastFailed(LaneStatus.maxRefusedKinds)
    status.refusedKindCount = circuit.refused.count
    status.concurrencyLimit = limit.reading(at: now, concurrency: destination.concurrency)
    return status
  }
}

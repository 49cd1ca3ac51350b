/// One destination's deliveries on their way: a bounded window in memory, the rest in the store, oldest first.
///
/// A pure state machine: inputs change it; `nextAttempt`, `nextClaim` and `deadline` say what to do. Its parts have the
/// rules: the `LaneWindows` what is held and what is asked of the store, the `LaneSlots` what starts next, the `Circuit` and the
/// `StartGate` whether anything may start, the `LaneOutcomes` what follows for a delivery from its attempt.
/// docs/decisions/0007-quiet-lanes.md says why a lane can be held.
package struct Lane: Sendable {
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
  private var batches: LaneBatches
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
    gate = StartGate(standing: standing, rate: destination.rate, burstTime: destination.burstTime)
    batches = LaneBatches(for: destination)
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
      let circuitStart = circuit.startsFrom, let gateOpens = gate.opens(forEvents: eventsWanted)
    else { return nil }
    return max(circuitStart, gateOpens, batchOpens ?? .epoch)
  }

  /// How many events the next request should hold, of those that are there: its rate saves up for them, since else each would go by
  /// itself the moment that the rate allows one.
  private var eventsWanted: Int {
    guard let batch = destination.batch, let burst = gate.burst, circuit.isClosed else { return 1 }
    return max(1, min(batches.mostEvents(of: batch, burst), windows.events))
  }

  /// When what is there need not wait for others any more that would fill its batch; nil: it waits for none.
  private var batchOpens: Timestamp? {
    guard let batch = destination.batch, batch.maxWait > .zero, circuit.isClosed,
      let first = windows.first(
        waitingFor: batches.mostEvents(of: batch, gate.burst), maxBytes: batch.maxBytes)
    else { return nil }
    return first.event.envelope.receivedAt.advanced(by: batch.maxWait)
  }

  /// The next request to send now; nil if nothing may start.
  mutating func nextAttempt(now: Timestamp) -> Start? {
    gate.advanceRate(to: now)
    guard let start = nextStart, start <= now else { return nil }
    let delivery = windows.change { live, replays in
      slots.start(
        from: &live, &replays, &circuit, of: destination.concurrency, destination.circuit, now: now)
    }
    guard let delivery else { return nil }
    let request =
      destination.batch == nil && delivery.followers.isEmpty
      ? Start(first: delivery) : batch(beginningWith: delivery)
    gate.started(events: 1 + request.others.count)
    return request
  }

  /// What goes in one request with a delivery that starts. While the circuit is open it goes alone.
  private mutating func batch(beginningWith first: Delivery) -> Start {
    let isRefused = slots.refusedInFlight.contains(first.id)
    let isSelective = slots.isSelective(circuit)
    let isPassed = { [circuit] (delivery: Delivery) in
      isRefused
        ? !delivery.event.hasSameKind(as: first.event) : isSelective && circuit.refuses(delivery)
    }
    var batch = batches.begin(
      with: first, to: destination, most: circuit.isOpen ? 1 : gate.eventsOfRate ?? .max, unless: isPassed)
    let kind = slots.startedFrom
    windows.change(first.queue) { [suspects = batches.suspects] window in
      window.offer(kind, to: &batch, fromAside: isRefused, suspects, unless: isPassed)
    }
    slots.sent(batch.deliveries)
    return Start(first: batch.deliveries[0], others: Array(batch.deliveries.dropFirst()), left: batch.left)
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
      byteLimit: wish.byteLimit, after: wish.after, runLimit: wish.after == nil ? runLimit : 1)
  }

  /// How many of an order key it may send together at present.
  private var runLimit: Int { batches.runLimit(of: destination, gate.burst) }

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
  /// - Returns: What the lane can't hold: it goes back to the store.
  mutating func arrived(_ delivery: Delivery) -> [DeliveryID] {
    switch windows.change(.live, { $0.arrived(delivery) }) {
    case .ready:
      if circuit.isOpen && circuit.allows(delivery) { circuit.gotMoreToTry() }
      return []
    case .waiting: return []
    case .returned: return delivery.ids
    }
  }

  /// A delivery whose turn has come in its order key, claimed for this lane.
  ///
  /// - Returns: What goes back to the store: nothing, or all of it.
  mutating func promoted(_ delivery: Delivery, now: Timestamp) -> [DeliveryID] {
    let latest = now.advanced(by: destination.retry.longestDelay)
    let isKept = windows.change(delivery.queue) {
      $0.promoted(delivery, now: now, latestDue: latest)
    }
    guard isKept else { return delivery.ids }
    circuit.gotMoreToTry()
    return []
  }

  /// A replay has queued some.
  mutating func replayQueued() { windows.replayQueued() }

  /// Other relays have stored some.
  mutating func storedByOthers() { windows.storeMayHaveMore(.fresh) }

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
    let others = slots.endCompanions(of: delivery)
    if !others.isEmpty { return finished([delivery] + others, result, now: now, random: random) }
    let blame = result.blame
    // A trial that the event itself has failed is an attempt like any other.
    let isProbe = blame == .event ? circuit.probe == id : circuit.isProbeOrTrial(id)
    let isAlone = blame == .destination && isAlone(delivery)
    var settlement = outcomes.settlement(
      of: delivery, result, blame, isProbe: isProbe, destination, circuit, gate.standing.suspended, now: now,
      random: random)
    settlement.runLimit = runLimit
    if let wait = Destination.retryAfter(in: result) { gate.keepRetryAfter(wait, from: now) }
    let (wasOpen, refusedCount) = (circuit.isOpen, circuit.refused.count)
    let changesCircuit = circuit.finished(delivery, blame, isAlone: isAlone, at: now, of: destination)
    if changesCircuit { circuitSince = now }
    follow(wasOpen: wasOpen, refusedCount: refusedCount, delivery)
    let isHead = isAlone || circuit.isByHeads || destination.ordering == .destination
    if blame == .none { outcomes.succeeded() }
    batches.ended(id, settlement.outcome, result, of: destination)
    trouble.attemptEnded(delivery, result.response, blame, settlement.outcome, isHead: isHead, at: now)
    return Ended(
      delivery: delivery, settlement: settlement, isProbe: isProbe, changesCircuit: changesCircuit)
  }

  /// An attempt of several events ended.
  private mutating func finished(
    _ batch: [Delivery], _ result: AttemptResult, now: Timestamp, random: Double
  ) -> Ended {
    var result = result
    result.events = batch.count
    let verdict = BatchVerdict(of: result, to: destination)
    var settlements: [Settlement] = []
    settlements.reserveCapacity(batch.count)
    let suspended = gate.standing.suspended
    for delivery in batch {
      settlements.append(
        verdict == .refused
          ? outcomes.refusal(of: delivery, result, now: now)
          : verdict.sparesTheOthers
            ? outcomes.settlement(
              inCompany: delivery, result, result.blame, destination, circuit, suspended, now: now,
              random: random)
            : outcomes.settlement(
              of: delivery, result, result.blame, isProbe: false, destination, circuit, suspended, now: now,
              random: random))
    }
    if let wait = Destination.retryAfter(in: result) { gate.keepRetryAfter(wait, from: now) }
    if verdict == .delivered { outcomes.succeeded() }
    let counts = batches.counts(verdict, result.blame)
    for place in settlements.indices { settlements[place].runLimit = runLimit }
    batches.ended(batch, settlements, verdict, result, of: destination)
    let blame = result.blame
    let isAlone = blame == .destination && isAlone(batch[0])
    let (wasOpen, refusedCount) = (circuit.isOpen, circuit.refused.count)
    let changesCircuit = circuit.finished(
      batch, blame, counts: counts, isAlone: isAlone, at: now, of: destination)
    if changesCircuit { circuitSince = now }
    for delivery in batch { follow(wasOpen: wasOpen, refusedCount: refusedCount, delivery) }
    trouble.attemptEnded(
      batch[0], result.response, blame, settlements[0].outcome,
      isHead: isAlone || circuit.isByHeads || destination.ordering == .destination, at: now)
    return Ended(
      delivery: batch[0], settlement: settlements[0], isProbe: false, changesCircuit: changesCircuit,
      others: Array(zip(batch, settlements).dropFirst().map { (delivery: $0, settlement: $1) }))
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
    if isMoved { batches = LaneBatches(for: destination) }
    self.destination = destination
    gate.change(to: destination.rate, burstTime: destination.burstTime)
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
    // A person may take some of them away.
    batches.forgetSuspects()
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

  /// Another relay has served the destination, or will: nothing is known of it, as after a start. All that it is owed is in the store.
  ///
  /// - Returns: Whether its circuit is in another state now.
  mutating func changedHands() -> Bool {
    let wasClosed = circuit.isClosed
    circuit = Circuit()
    trouble = Trouble()
    gate.endRetryAfter()
    windows.takeBackAside()
    windows.change(.live) { $0.startLookingOver() }
    lookIntoStore()
    return !wasClosed
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
      heldUntil: gate.retryAfterEnd(at: now), inFlight: slots.deliveriesInFlight,
      lastFailure: trouble.lastFailure?.words, pace: pace.perSecond(at: now), isRemoved: isRemoved)
    if circuit.isOpen { status.nextProbe = circuit.startsFrom.map { max($0, status.heldUntil ?? $0) } }
    status.isRateUsedUp = gate.isRateUsedUp(at: now, forEvents: eventsWanted)
    status.batchUntil = batchOpens.flatMap { now < $0 ? $0 : nil }
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

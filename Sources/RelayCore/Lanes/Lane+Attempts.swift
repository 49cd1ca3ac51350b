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
    guard takesDeliveries, destination.pausedAt == nil, unsettled < Self.maxUnsettled, mayStart,
      let circuitStart = circuit.startsFrom
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

  /// Whether a slot is free for something that it holds.
  private var mayStart: Bool {
    guard isSelective else { return inFlight.count < slots && (fresh.hasReady || mayRetry) }
    return inFlight.count < destination.concurrency && (mayServe || (mayRefuse && hasAside))
  }

  private var slots: Int { circuit.slots(of: destination.concurrency) }

  /// Retries leave slots free.
  private var mayRetry: Bool { retrying.hasReady && hasRetrySlot }

  private var hasRetrySlot: Bool { retriesInFlight < Self.most(of: slots) }

  /// So many slots may be taken by what must leave some to others: a quarter, and at least one where there are two.
  private static func most(of slots: Int) -> Int { slots == 1 ? 1 : slots - max(1, slots / 4) }

  /// The next delivery to attempt now, which then is in flight; nil if none may start.
  mutating func nextAttempt(now: Timestamp) -> Delivery? {
    bucket?.advance(to: now)
    guard let start = nextStart, start <= now else { return nil }
    guard let delivery = takeNext(now: now) else { return nil }
    bucket?.take()
    if delivery.attempts > 0 { retriesInFlight += 1 }
    inFlight[delivery.id] = delivery
    return delivery
  }

  private mutating func takeNext(now: Timestamp) -> Delivery? {
    guard circuit.isOpen else { return isSelective ? takeAmongRefused() : takeTurn() }
    if let trial = takeTrial(now: now) { return trial }
    return takeProbe(now: now)
  }

  /// Fresh deliveries and retries take turns.
  private mutating func takeTurn() -> Delivery? {
    let kind: ClaimRequest.Kind = !mayRetry ? .fresh : fresh.hasReady ? nextTurn : .retrying
    nextTurn = kind == .fresh ? .retrying : .fresh
    return kind == .fresh ? fresh.popFirst() : retrying.popFirst()
  }

  // MARK: An open circuit

  /// Something that the open circuit does not hold.
  private mutating func takeTrial(now: Timestamp) -> Delivery? {
    guard circuit.tries(at: now) else { return nil }
    guard let trial = takeInOrder(servedFirst: true, where: { [circuit] in circuit.lets($0, $1) }) else {
      circuit.nothingToTry()
      return nil
    }
    circuit.startedTrial(trial, at: now)
    return trial
  }

  private mutating func takeProbe(now: Timestamp) -> Delivery? {
    guard circuit.probes(at: now) else { return nil }
    let probe = takeInOrder(servedFirst: false) { _, _ in true }
    if let probe { circuit.startedProbe(probe.id, at: now, policy: destination.circuit) }
    return probe
  }

  private mutating func takeInOrder(
    servedFirst: Bool, where condition: (Delivery, Circuit.KindStanding) -> Bool
  ) -> Delivery? {
    var kinds = KindMemo(circuit)
    let order = { (delivery: Delivery) -> ProbeOrder? in
      let kind = kinds.standing(of: delivery.event)
      guard condition(delivery, kind) else { return nil }
      return ProbeOrder(delivery, lastFailed: kind.lastFailed, isServed: servedFirst && kind.isServed)
    }
    let first = fresh.first(by: order)
    let retry = mayRetry ? retrying.first(by: order) : nil
    if let retry, first.map({ retry.key < $0.key }) ?? true {
      retrying.remove(retry.delivery.id)
      return retry.delivery
    }
    if let first { fresh.remove(first.delivery.id) }
    return first?.delivery
  }

  // MARK: Refused kinds

  /// Deliveries of refused kinds are told from others.
  var isSelective: Bool {
    !circuit.isOpen && !(circuit.refused.isEmpty && refusedInFlight.isEmpty)
  }

  private var mayServe: Bool {
    inFlight.count - refusedInFlight.count < slots && (fresh.hasReady || mayRetry)
  }

  /// Refused deliveries have a quarter of the slots; where there is nothing else to do they leave a quarter.
  private var mayRefuse: Bool {
    let quarter = max(1, destination.concurrency / 4)
    let others = fresh.hasReady || mayRetry || circuit.state != .closed
    return refusedInFlight.count < (others ? quarter : Self.most(of: destination.concurrency))
  }

  private var hasAside: Bool { fresh.hasAside || (retrying.hasAside && hasRetrySlot) }

  /// Others pass the refused ones, which have slots of their own.
  private mutating func takeAmongRefused() -> Delivery? {
    if takesRefusedNext && mayRefuse, let delivery = takeAside() { return delivery }
    while mayServe, let delivery = takeTurn() {
      guard circuit.refuses(delivery) else {
        takesRefusedNext = true
        return delivery
      }
      if delivery.attempts > 0 { retrying.setAside(delivery) } else { fresh.setAside(delivery) }
    }
    return mayRefuse ? takeAside() : nil
  }

  private mutating func takeAside() -> Delivery? {
    let kind: ClaimRequest.Kind =
      !(retrying.hasAside && hasRetrySlot) ? .fresh : fresh.hasAside ? nextTurn : .retrying
    nextTurn = kind == .fresh ? .retrying : .fresh
    guard let delivery = kind == .fresh ? fresh.popAside() : retrying.popAside() else { return nil }
    refusedInFlight.insert(delivery.id)
    takesRefusedNext = false
    return delivery
  }

  // MARK: Ending

  /// An attempt ended.
  ///
  /// - Parameter random: Uniform in 0..<1.
  /// - Returns: What is to be recorded; nil for a delivery that this lane did not start.
  mutating func finished(
    _ id: DeliveryID, result: AttemptResult, now: Timestamp, random: Double
  ) -> Ended? {
    guard let delivery = inFlight.removeValue(forKey: id) else { return nil }
    if delivery.attempts > 0 { retriesInFlight -= 1 }
    if !refusedInFlight.isEmpty { refusedInFlight.remove(id) }
    unsettled += 1
    if let offset = result.clockOffset { clockOffset = offset }
    var result = result
    result.blamesClock = destination.blamesClock(result, offset: clockOffset)
    let blame = result.blame
    // A trial that the event itself has failed is an attempt like any other.
    let isProbe = blame == .event ? circuit.probe == id : circuit.isProbeOrTrial(id)
    let isAlone = blame == .destination && isAlone(delivery)
    let settlement = settlement(of: delivery, result, blame, isProbe: isProbe, now: now, random: random)
    if let hold = Destination.hold(after: result) {
      heldUntil = max(heldUntil ?? .epoch, now.advanced(by: hold))
    }
    let (wasOpen, refusedCount) = (circuit.isOpen, circuit.refused.count)
    let changesCircuit = circuit.finished(delivery, blame, isAlone: isAlone, at: now, of: destination)
    follow(wasOpen: wasOpen, refusedCount: refusedCount, delivery)
    let isHead = isAlone || circuit.isByHeads || destination.ordering == .destination
    note(result.response, blame, of: delivery, settlement.outcome, isHead: isHead, now: now)
    return Ended(
      delivery: delivery, settlement: settlement, isProbe: isProbe, changesCircuit: changesCircuit)
  }

  /// What may start is another matter after an attempt's end.
  private mutating func follow(wasOpen: Bool, refusedCount: Int, _ delivery: Delivery) {
    let isServedAgain = circuit.refused.count < refusedCount
    if circuit.isOpen || isServedAgain { takeBackAside() }
    if isServedAgain || circuit.isOpen && !wasOpen { scout.startOver() }
    guard wasOpen else { return }
    if circuit.isOpen {
      scout.ended(EventKind(delivery.event))
    } else if !isServedAgain {
      scout.openingEnded(refused: circuit.refused)
    }
  }

  private mutating func note(
    _ response: AttemptResult.Response, _ blame: Blame, of delivery: Delivery, _ outcome: Settlement.Outcome,
    isHead: Bool, now: Timestamp
  ) {
    guard blame != .none else { return trouble.ended() }
    trouble.failed(response, blame, at: now)
    if case .retry = outcome {
      if isHead && blame == .destination { trouble.head = StuckHead(delivery) }
    } else if trouble.head?.delivery == delivery.id {
      // It lets the next one pass.
      trouble.head = nil
    }
  }

  /// Which kinds are refused is another matter now.
  mutating func takeBackAside() {
    fresh.takeBackAside()
    retrying.takeBackAside()
  }

  /// Whether an order left nothing to be tried but deliveries whose failures count already: this one and such as it.
  private func isAlone(_ delivery: Delivery) -> Bool {
    destination.ordering != .none && circuit.hasCounted(delivery.id)
      && freshBacklog.claimableFrom == nil && beside.isEmpty
      && inFlight.keys.allSatisfy(circuit.hasCounted)
      && fresh.allSatisfy { circuit.hasCounted($0.id) } && retrying.allSatisfy { circuit.hasCounted($0.id) }
  }

  private mutating func settlement(
    of delivery: Delivery, _ result: AttemptResult, _ blame: Blame, isProbe: Bool, now: Timestamp,
    random: Double
  ) -> Settlement {
    let counted = delivery.countedAttempts + (isProbe || result.blamesClock ? 0 : 1)
    let outcome =
      isProbe
      ? outcome(ofProbe: delivery, result, blame, now: now)
      : outcome(of: delivery, result, blame, counted: counted, now: now, random: random)
    if outcome == .dead(.expired) { trouble.expired(at: unpausedTime(at: now)) }
    return Settlement(
      delivery: delivery.id, attempts: delivery.attempts + 1, countedAttempts: counted, attempt: result,
      outcome: outcome, probedAt: isProbe && !result.isSuccess ? now : delivery.probedAt)
  }

  private func outcome(
    of delivery: Delivery, _ result: AttemptResult, _ blame: Blame, counted: Int, now: Timestamp,
    random: Double
  ) -> Settlement.Outcome {
    guard !result.isSuccess else { return .delivered }
    let outcome = destination.outcome(
      of: result, countedAttempts: result.blamesClock ? delivery.attempts + 1 : counted,
      age: age(of: delivery, at: now), now: now, random: random)
    guard outcome == .dead(.expired), blame != .event, !mayExpire(at: now),
      !circuit.sparesFailures(of: delivery)
    else { return outcome }
    // Its order key's outage has cost one just now.
    return .retry(
      at: now.advanced(by: destination.retry.delay(afterAttempt: counted, random: random)))
  }

  /// The head of an order that opened the circuit goes on ageing.
  private func outcome(
    ofProbe delivery: Delivery, _ result: AttemptResult, _ blame: Blame, now: Timestamp
  ) -> Settlement.Outcome {
    let outcome = destination.outcome(ofProbe: result, now: now)
    guard case .retry = outcome, blame == .destination, !result.blamesClock, circuit.isByHeads,
      mayExpire(at: now)
    else { return outcome }
    // What came while it was open has not been there for all of that time.
    let open = min(headTime.total(at: now), delivery.event.envelope.receivedAt.duration(to: now))
    return age(of: delivery, at: now) + open >= destination.retry.maxAge ? .dead(.expired) : outcome
  }

  private func age(of delivery: Delivery, at now: Timestamp) -> Duration {
    delivery.since.duration(to: standing.suspended.serviceTime(at: now))
  }

  /// Where an order is kept, an outage costs at most one delivery in each `max_age`.
  private func mayExpire(at now: Timestamp) -> Bool {
    guard destination.ordering != .none, let last = trouble.lastExpiry else { return true }
    return last.duration(to: unpausedTime(at: now)) >= destination.retry.maxAge
  }

  /// The time now on a clock that stands still during pauses.
  private func unpausedTime(at now: Timestamp) -> Timestamp {
    standing.suspended.serviceTime(at: now).advanced(by: headTime.total(at: now))
  }

  /// An outcome is on disk.
  mutating func settled(_ outcome: Settlement.Outcome, now: Timestamp) {
    unsettled -= 1
    if case .retry(let due) = outcome { retryBacklog.falls(due: due) } else { pace.add(at: now) }
  }
}

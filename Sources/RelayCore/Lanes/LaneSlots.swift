/// A lane's slots: which delivery takes the next one, and which attempts are in flight.
///
/// - A quarter of the slots (at least one, where there are two) is left to fresh deliveries, so that retries that hang can't
///   shut out new events.
/// - Deliveries of kinds that the destination refuses are passed by others: a quarter of the slots is theirs
///   (docs/decisions/0019-refused-kinds.md).
/// - While the circuit is open nothing starts but probes and trials; while it recovers there are fewer slots.
/// - What replays have queued starts only where nothing else may, and leaves an eighth of the slots free (at least one, where
///   there are two) for what comes next (docs/decisions/0029-replays.md).
struct LaneSlots: Sendable {
  /// The first of each request.
  private(set) var inFlight: [DeliveryID: Delivery] = [:]
  /// What else its request holds, by the first.
  private var companions: [DeliveryID: [Delivery]] = [:]
  private(set) var retriesInFlight = 0
  /// Those in flight that replays have queued; and the retries among them, which are none of the retries above.
  private(set) var replaysInFlight = 0
  private var replayRetriesInFlight = 0
  /// Those in flight whose kind the destination refused when they started.
  private(set) var refusedInFlight: Set<DeliveryID> = []
  /// Attempts whose outcome is not on disk yet.
  private(set) var unsettled = 0
  /// Those of them that replays have queued: they wait until others leave them room in a commit.
  private var unsettledReplays = 0
  private var nextTurn = ClaimRequest.Kind.fresh
  /// The same among what replays have queued.
  private var nextReplayTurn = ClaimRequest.Kind.fresh
  /// Refused deliveries and others take turns.
  private var takesRefusedNext = false
  /// Which part of its window the last one was taken from that started.
  private(set) var startedFrom = ClaimRequest.Kind.fresh

  /// This many outcomes may wait for the disk before no more attempts start.
  static let maxUnsettled = 1_024
  /// This many of replays, before no more of these start.
  static let maxUnsettledReplays = 512

  /// Nothing is in flight, and every outcome is on disk.
  var isQuiet: Bool { inFlight.isEmpty && unsettled == 0 }

  /// No request more may be in flight.
  func areTaken(of concurrency: Int) -> Bool { inFlight.count >= concurrency }

  /// Deliveries of refused kinds are told from others.
  func isSelective(_ circuit: Circuit) -> Bool {
    !circuit.isOpen && !(circuit.refused.isEmpty && refusedInFlight.isEmpty)
  }

  /// Whether a slot is free for something that the window holds.
  func mayStart(_ window: LaneWindow, _ circuit: Circuit, of concurrency: Int) -> Bool {
    guard unsettled < Self.maxUnsettled else { return false }
    let slots = circuit.slots(of: concurrency)
    guard isSelective(circuit) else {
      return inFlight.count < slots && (window.fresh.hasReady || mayRetry(window, slots))
    }
    return inFlight.count < concurrency
      && (mayServe(window, slots) || (mayRefuse(window, circuit, concurrency) && hasAside(window, slots)))
  }

  /// Takes the next delivery to attempt out of the window; nil if there is none that may be. Call it only where `mayStart`.
  mutating func start(
    from window: inout LaneWindow, _ replays: inout LaneWindow, _ circuit: inout Circuit, of concurrency: Int,
    _ policy: CircuitPolicy, now: Timestamp
  ) -> Delivery? {
    let live =
      mayStart(window, circuit, of: concurrency)
      ? take(from: &window, &circuit, of: concurrency, policy, now: now) : nil
    guard let delivery = live ?? takeReplay(from: &replays, &circuit, of: concurrency, policy, now: now)
    else { return nil }
    count(delivery, by: 1)
    inFlight[delivery.id] = delivery
    return delivery
  }

  /// What has started goes in one request with these: it is the first of them.
  mutating func sent(_ deliveries: [Delivery]) {
    inFlight[deliveries[0].id] = deliveries[0]
    if deliveries.count > 1 { companions[deliveries[0].id] = Array(deliveries.dropFirst()) }
  }

  /// All that requests in flight hold.
  var deliveriesInFlight: Set<DeliveryID> {
    var ids = Set(inFlight.keys)
    for others in companions.values { ids.formUnion(others.map(\.id)) }
    return ids
  }

  private mutating func count(_ delivery: Delivery, by step: Int) {
    switch delivery.queue {
    case .live: if delivery.attempts > 0 { retriesInFlight += step }
    case .replay:
      replaysInFlight += step
      if delivery.attempts > 0 { replayRetriesInFlight += step }
    }
  }

  /// An attempt ended: its slot is free. Its outcome goes to the disk.
  ///
  /// - Returns: nil for a delivery that was not started here.
  mutating func end(_ id: DeliveryID) -> Delivery? {
    guard let delivery = inFlight.removeValue(forKey: id) else { return nil }
    count(delivery, by: -1)
    if !refusedInFlight.isEmpty { refusedInFlight.remove(id) }
    unsettled += 1
    if delivery.queue == .replay { unsettledReplays += 1 }
    return delivery
  }

  /// What else its request held: their outcomes go to the disk, too.
  mutating func endCompanions(of delivery: Delivery) -> [Delivery] {
    guard !companions.isEmpty, let others = companions.removeValue(forKey: delivery.id) else { return [] }
    unsettled += others.count
    if delivery.queue == .replay { unsettledReplays += others.count }
    return others
  }

  /// An outcome is on disk.
  mutating func settled(_ queue: DeliveryQueue = .live) {
    unsettled -= 1
    if queue == .replay { unsettledReplays -= 1 }
  }

  // MARK: Whose turn it is

  private mutating func take(
    from window: inout LaneWindow, _ circuit: inout Circuit, of concurrency: Int, _ policy: CircuitPolicy,
    now: Timestamp
  ) -> Delivery? {
    let slots = circuit.slots(of: concurrency)
    guard circuit.isOpen else {
      return isSelective(circuit)
        ? takeAmongRefused(from: &window, circuit, slots, concurrency) : takeTurn(from: &window, slots)
    }
    if let trial = takeTrial(from: &window, &circuit, slots, now: now) { return trial }
    guard circuit.probes(at: now) else { return nil }
    let probe = takeInOrder(from: &window, circuit, slots, servedFirst: false) { _, _ in true }
    if let probe { circuit.startedProbe(probe.id, at: now, policy: policy) }
    return probe
  }

  /// Fresh deliveries and retries take turns.
  private mutating func takeTurn(from window: inout LaneWindow, _ slots: Int) -> Delivery? {
    let kind: ClaimRequest.Kind =
      !mayRetry(window, slots) ? .fresh : window.fresh.hasReady ? nextTurn : .retrying
    nextTurn = kind == .fresh ? .retrying : .fresh
    startedFrom = kind
    return window.popFirst(kind)
  }

  /// Something that the open circuit does not hold back.
  private mutating func takeTrial(
    from window: inout LaneWindow, _ circuit: inout Circuit, _ slots: Int, now: Timestamp
  ) -> Delivery? {
    guard circuit.tries(at: now) else { return nil }
    let trial = takeInOrder(from: &window, circuit, slots, servedFirst: true) { [circuit] in
      circuit.allows($0, $1)
    }
    guard let trial else {
      circuit.foundNothingToTry()
      return nil
    }
    circuit.startedTrial(trial, at: now)
    return trial
  }

  private func takeInOrder(
    from window: inout LaneWindow, _ circuit: Circuit, _ slots: Int, servedFirst: Bool,
    where condition: (Delivery, Circuit.KindStanding) -> Bool
  ) -> Delivery? {
    var kinds = KindMemo(circuit)
    let order = { (delivery: Delivery) -> ProbeOrder? in
      let kind = kinds.standing(of: delivery.event)
      guard condition(delivery, kind) else { return nil }
      return ProbeOrder(delivery, lastFailed: kind.lastFailed, isServed: servedFirst && kind.isServed)
    }
    let first = window.fresh.first(by: order)
    let retry = mayRetry(window, slots) ? window.retrying.first(by: order) : nil
    if let retry, first.map({ retry.key < $0.key }) ?? true {
      window.remove(retry.delivery.id, .retrying)
      return retry.delivery
    }
    if let first { window.remove(first.delivery.id, .fresh) }
    return first?.delivery
  }

  /// Others pass the refused ones, which have slots of their own.
  private mutating func takeAmongRefused(
    from window: inout LaneWindow, _ circuit: Circuit, _ slots: Int, _ concurrency: Int
  ) -> Delivery? {
    if takesRefusedNext && mayRefuse(window, circuit, concurrency),
      let delivery = takeAside(from: &window, slots)
    {
      return delivery
    }
    while mayServe(window, slots), let delivery = takeTurn(from: &window, slots) {
      guard circuit.refuses(delivery) else {
        takesRefusedNext = true
        return delivery
      }
      window.setAside(delivery)
    }
    return mayRefuse(window, circuit, concurrency) ? takeAside(from: &window, slots) : nil
  }

  private mutating func takeAside(from window: inout LaneWindow, _ slots: Int) -> Delivery? {
    let kind: ClaimRequest.Kind =
      !(window.retrying.hasAside && hasRetrySlot(slots))
      ? .fresh : window.fresh.hasAside ? nextTurn : .retrying
    nextTurn = kind == .fresh ? .retrying : .fresh
    guard let delivery = window.popAside(kind) else { return nil }
    startedFrom = kind
    refusedInFlight.insert(delivery.id)
    takesRefusedNext = false
    return delivery
  }

  // MARK: Replays

  /// Whether a slot is free for something that a replay has queued, once nothing else may start.
  func mayReplay(_ replays: LaneWindow, _ circuit: Circuit, of concurrency: Int) -> Bool {
    let slots = Self.left(of: circuit.slots(of: concurrency))
    return unsettled < Self.maxUnsettled && unsettledReplays < Self.maxUnsettledReplays
      && inFlight.count < slots
      && (replays.fresh.hasReady || replays.retrying.hasReady && hasReplayRetrySlot(slots)
        || mayReplayRefused(replays, circuit, slots))
  }

  private mutating func takeReplay(
    from replays: inout LaneWindow, _ circuit: inout Circuit, of concurrency: Int, _ policy: CircuitPolicy,
    now: Timestamp
  ) -> Delivery? {
    guard mayReplay(replays, circuit, of: concurrency) else { return nil }
    let slots = Self.left(of: circuit.slots(of: concurrency))
    guard circuit.isOpen else { return takeReplayTurn(from: &replays, circuit, slots) }
    // Trials are for live ones alone; but where nothing else is there, a replay finds out whether the destination is well.
    if circuit.tries(at: now) { circuit.foundNothingToTry() }
    guard circuit.probes(at: now), let probe = takeReplayTurn(from: &replays, circuit, slots) else {
      return nil
    }
    circuit.startedProbe(probe.id, at: now, policy: policy)
    return probe
  }

  /// Fresh ones and retries take turns, and pass those of refused kinds.
  private mutating func takeReplayTurn(
    from replays: inout LaneWindow, _ circuit: Circuit, _ slots: Int
  ) -> Delivery? {
    while true {
      let mayRetry = replays.retrying.hasReady && hasReplayRetrySlot(slots)
      guard replays.fresh.hasReady || mayRetry else { break }
      let kind = !mayRetry ? .fresh : replays.fresh.hasReady ? nextReplayTurn : .retrying
      nextReplayTurn = kind == .fresh ? .retrying : .fresh
      startedFrom = kind
      guard let delivery = replays.popFirst(kind) else { return nil }
      guard isSelective(circuit), circuit.refuses(delivery) else { return delivery }
      replays.setAside(delivery)
    }
    guard mayReplayRefused(replays, circuit, slots) else { return nil }
    startedFrom = replays.fresh.hasAside ? .fresh : .retrying
    let refused = replays.popAside(startedFrom)
    if let refused { refusedInFlight.insert(refused.id) }
    return refused
  }

  /// One of a refused kind at a time, while none that is live is in flight.
  private func mayReplayRefused(_ replays: LaneWindow, _ circuit: Circuit, _ slots: Int) -> Bool {
    isSelective(circuit) && refusedInFlight.isEmpty
      && (replays.fresh.hasAside || replays.retrying.hasAside && hasReplayRetrySlot(slots))
  }

  private func hasReplayRetrySlot(_ slots: Int) -> Bool { replayRetriesInFlight < Self.most(of: slots) }

  /// How many slots may be taken once replays take some.
  private static func left(of slots: Int) -> Int { slots == 1 ? 1 : slots - max(1, slots / 8) }

  // MARK: Which slots are free

  /// Retries leave slots free.
  private func mayRetry(_ window: LaneWindow, _ slots: Int) -> Bool {
    window.retrying.hasReady && hasRetrySlot(slots)
  }

  private func hasRetrySlot(_ slots: Int) -> Bool { retriesInFlight < Self.most(of: slots) }

  private func mayServe(_ window: LaneWindow, _ slots: Int) -> Bool {
    inFlight.count - refusedInFlight.count < slots && (window.fresh.hasReady || mayRetry(window, slots))
  }

  /// Refused deliveries have a quarter of the slots; where there is nothing else to do they leave a quarter.
  private func mayRefuse(_ window: LaneWindow, _ circuit: Circuit, _ concurrency: Int) -> Bool {
    let quarter = max(1, concurrency / 4)
    let others =
      window.fresh.hasReady || mayRetry(window, circuit.slots(of: concurrency)) || circuit.state != .closed
    return refusedInFlight.count < (others ? quarter : Self.most(of: concurrency))
  }

  private func hasAside(_ window: LaneWindow, _ slots: Int) -> Bool {
    window.fresh.hasAside || (window.retrying.hasAside && hasRetrySlot(slots))
  }

  /// How many slots may be taken by what must leave some to others: all but a quarter, and but one where there are two.
  private static func most(of slots: Int) -> Int { slots == 1 ? 1 : slots - max(1, slots / 4) }
}

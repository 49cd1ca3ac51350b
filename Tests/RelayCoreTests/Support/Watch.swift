import RelayTestSupport

@testable import RelayCore

/// What the world knows while a simulation runs, and what must always hold.
struct Watch {
  private(set) var inFlight: [DeliveryID: Delivery] = [:]
  private var claims: [String: Int] = [:]
  private var heldUntil: [String: Timestamp] = [:]
  private var widest: [String: Int] = [:]
  private var reachable: Set<String> = []
  private var starts: [String: [Timestamp]] = [:]
  var circuits: [String: WatchedCircuit] = [:]
  /// What the dispatcher has been told.
  var pausedUntil: [String: Timestamp] = [:]
  var held: [String: Int] = [:]
  var storeHolds = false
  /// By destination, of all time that it was neither paused nor open.
  private(set) var service: [String: Duration] = [:]
  /// By destination, of all time that it was not paused; and of the present opening's.
  private(set) var unpaused: [String: Duration] = [:]
  private(set) var openFor: [String: Duration] = [:]
  /// On `unpaused`: when one died of its age since the last success.
  var lastExpiry: [String: Duration] = [:]
  /// Of the attempt that ends just now.
  private(set) var ending = Ending()

  struct Ending {
    /// Or a trial that counts as one.
    var isProbe = false
    var isByHeads = false
    var isIgnored = false
  }
  /// Per destination, in the order of their first attempts.
  private(set) var firstAttempts: [String: [DeliveryID]] = [:]
  /// To know that the simulation reaches them.
  private(set) var retriesStarted = 0
  private(set) var probesStarted = 0
  private(set) var trialsStarted = 0
  private(set) var looksBeyond = 0
  private(set) var replaysStarted = 0

  func isPaused(_ destination: Destination, at now: Timestamp) -> Bool {
    destination.pausedAt != nil || now < pausedUntil[destination.name] ?? .epoch
  }

  mutating func attempt(
    _ delivery: Delivery, to destination: Destination?, of store: FakeStore, lane: Lane?, now: Timestamp
  ) throws {
    let id = delivery.id
    guard let destination, let record = store.model.rows[id], let lane else {
      throw Violation("\(id) goes to \(delivery.destination), which is gone")
    }
    try checkRecord(record, delivery, now: now)
    try require(!storeHolds, "\(id) starts while the store holds outcomes")
    try checkDestination(destination, id, now: now)
    for other in store.model.rows.values where other.key != nil && other.key == record.key && other.id < id {
      try require(
        !other.isPending || other.delivery.destination != destination.name, "\(id) overtakes \(other.id)")
    }
    inFlight[id] = delivery
    try countSlots(delivery, destination, lane)
    if delivery.queue == .replay { try checkReplay(delivery, destination, lane, now: now) }
    try checkRate(destination, now: now)
    var circuit = circuits[destination.name, default: WatchedCircuit()]
    let trials = circuit.trialsStarted
    if try circuit.started(delivery, destination, lane, at: now) { probesStarted += 1 }
    trialsStarted += circuit.trialsStarted - trials
    circuits[destination.name] = circuit
  }

  /// A replay takes only what the others leave: nothing that is live, and might start, waits while it does.
  private mutating func checkReplay(
    _ delivery: Delivery, _ destination: Destination, _ lane: Lane, now: Timestamp
  ) throws {
    replaysStarted += 1
    let others = inFlight.values.filter { $0.destination == destination.name }
    let limit = circuits[destination.name]?.limit ?? destination.concurrency
    try require(
      limit == 1 || others.count <= limit - max(1, limit / 8),
      "\(delivery.id), a replay, leaves no slot of \(limit) free")
    guard !(circuits[destination.name]?.isOpen ?? false) else { return }
    let waiting = lane.windows.live.fresh.hasReady && !lane.slots.isSelective(lane.circuit)
    try require(!waiting, "\(delivery.id), a replay, goes before live ones")
  }

  private func checkRecord(_ record: StoreModel.Row, _ delivery: Delivery, now: Timestamp) throws {
    let id = delivery.id
    try require(inFlight[id] == nil, "\(id) is in flight twice")
    try require(record.isClaimed && record.isPending, "\(id) is not claimed, or settled")
    try require(
      record.delivery.attempts == delivery.attempts && record.delivery.since == delivery.since
        && record.delivery.countedAttempts == delivery.countedAttempts, "\(id) is stale")
    if case .retrying(let due) = record.state { try require(due <= now, "\(id) is not due before \(due)") }
  }

  private func checkDestination(_ destination: Destination, _ id: DeliveryID, now: Timestamp) throws {
    let name = destination.name
    try require(reachable.contains(name), "\(name) is attempted before the transport knows it")
    try require(now >= heldUntil[name] ?? .epoch, "\(name) is held, \(id) starts")
    try require(!isPaused(destination, at: now), "\(name) is paused, \(id) starts")
    try require(held[name] == nil, "\(name) is held, \(id) starts")
  }

  private mutating func countSlots(_ delivery: Delivery, _ destination: Destination, _ lane: Lane) throws {
    let others = inFlight.values.filter { $0.destination == destination.name }
    let limit = circuits[destination.name]?.limit ?? destination.concurrency
    let refused = lane.slots.refusedInFlight
    try require(
      others.count <= destination.concurrency && others.count { !refused.contains($0.id) } <= limit,
      "\(others.count) in flight to \(destination.name)")
    try require(
      refused.count <= max(1, destination.concurrency - max(1, destination.concurrency / 4)),
      "\(refused.count) refused ones in flight")
    if delivery.attempts > 0 {
      retriesStarted += 1
      let slots = destination.concurrency
      let retries = others.count { $0.attempts > 0 && $0.queue == delivery.queue }
      try require(retries <= (slots == 1 ? 1 : slots - max(1, slots / 4)), "\(retries) retries of \(slots)")
    } else if !firstAttempts[destination.name, default: []].contains(delivery.id) {
      firstAttempts[destination.name, default: []].append(delivery.id)
    }
  }

  /// Against every window that ends now.
  private mutating func checkRate(_ destination: Destination, now: Timestamp) throws {
    guard let rate = destination.rate else { return }
    starts[destination.name, default: []].append(now)
    let times = starts[destination.name]!
    let burst = max(1, Double(rate.count) * (destination.burstTime / rate.interval))
    for (index, time) in times.enumerated() {
      let allowed = burst + Double(rate.count) * (time.duration(to: now) / rate.interval)
      try require(Double(times.count - index) <= allowed + 1e-6, "\(times.count - index) since \(time)")
    }
  }

  mutating func finished(_ attempt: FinishedAttempt, in lane: Lane?, now: Timestamp) {
    let delivery = inFlight.removeValue(forKey: attempt.delivery)!
    let name = attempt.destination
    let isAlone = lane.map { Self.isAlone(in: $0) } ?? false
    var circuit = circuits[name, default: WatchedCircuit()]
    ending.isByHeads = circuit.isByHeads
    ending.isIgnored = circuit.ignoresFailures(of: delivery.event.type)
    ending.isProbe = circuit.finished(
      attempt, kind: delivery.event.type, isAlone: isAlone, lane?.destination, at: now)
    circuits[name] = circuit
    if let hold = Destination.retryAfter(in: attempt.result) {
      heldUntil[name] = max(heldUntil[name] ?? .epoch, now.advanced(by: hold))
    }
  }

  /// Whether the lane knows of nothing that could be tried but what its circuit has counted.
  private static func isAlone(in lane: Lane) -> Bool {
    let held =
      lane.windows.live.fresh.deliveries + lane.windows.live.arrivedDuringClaim.deliveries
      + lane.windows.live.retrying.deliveries + lane.windows.replays.fresh.deliveries
      + lane.windows.replays.retrying.deliveries
    return lane.destination.ordering != .none && lane.windows.live.holdsAllFresh
      && lane.windows.replays.holdsAllFresh
      && (held + lane.slots.inFlight.values).allSatisfy { lane.circuit.hasCounted($0.id) }
      && lane.windows.live.arrivedDuringClaim.isEmpty
  }

  /// An open circuit holds no kind that has not failed.
  func expectNothingIsHeldForOthers(_ destination: Destination, _ lane: Lane, now: Timestamp) throws {
    let name = destination.name
    guard let circuit = circuits[name], circuit.isOpen, destination.rate == nil, !storeHolds,
      !isPaused(destination, at: now), now >= heldUntil[name] ?? .epoch, held[name] == nil,
      !lane.isRemoved,
      lane.slots.inFlight.count < destination.concurrency
    else { return }
    let held = lane.windows.live.fresh.deliveries.first { circuit.mustTry($0, at: now) }
    try require(held == nil, "\(name) holds \(held!.id), whose kind has not failed")
  }

  mutating func claim(_ request: ClaimRequest, now: Timestamp) throws {
    let key = "\(request.destination) \(request.queue) \(request.kind) \(request.after != nil)"
    if request.after != nil { looksBeyond += 1 }
    claims[key, default: 0] += 1
    try require(claims[key] == 1, "two claims at once: \(key)")
    try require(
      request.limit > 0 && request.byteLimit > 0 && request.now == now, "\(request) asks for nothing")
    try require(held[request.destination] == nil, "\(request.destination) is held, and claims")
  }

  mutating func answered(_ claim: Claim) {
    claims["\(claim.destination) \(claim.queue) \(claim.kind) \(claim.isBeyond)"]! -= 1
  }

  mutating func change(_ changed: [Destination], _ removed: [String]) {
    reachable.formUnion(changed.map(\.name))
    reachable.subtract(removed)
    for destination in changed { circuits[destination.name]?.reconfigured() }
    // The bucket begins anew with the lane.
    for name in removed { starts[name] = nil }
  }

  /// Limits begin anew: so far it has not been open for what is retried.
  mutating func retriedByPerson(_ name: String) { openFor[name] = nil }

  /// A lane that is gone has no circuit, and nobody asks it to wait.
  mutating func forget(_ name: String) {
    circuits[name] = nil
    heldUntil[name] = nil
    openFor[name] = nil
    lastExpiry[name] = nil
  }

  /// A relay that restarts forgets what it was told.
  mutating func restart(_ pausedUntil: [String: Timestamp]) {
    inFlight = [:]
    claims = [:]
    heldUntil = [:]
    reachable = []
    starts = [:]
    circuits = [:]
    held = [:]
    openFor = [:]
    lastExpiry = [:]
    storeHolds = false
    self.pausedUntil = pausedUntil
  }

  /// Time that passes is time in service, unless the destination is left alone.
  mutating func pass(_ time: Duration, from now: Timestamp, _ destinations: [String: Destination]) {
    for (name, destination) in destinations where !isPaused(destination, at: now) {
      unpaused[name, default: .zero] += time
      if circuits[name]?.isOpen != true {
        service[name, default: .zero] += time
      } else {
        openFor[name, default: .zero] += time
      }
    }
    for (name, circuit) in circuits where !circuit.isOpen { openFor[name] = nil }
  }

  /// Each kind takes its part of the window (the widest that the lane had), and the one delivery that passes it; with
  /// what order keys brought, twice as much.
  mutating func windows(of dispatcher: Dispatcher) throws {
    for lane in dispatcher.lanes.all {
      let name = lane.destination.name
      widest[name] = max(widest[name] ?? 0, lane.windows.live.size.bytes)
      let isOrdered = lane.destination.ordering != .none
      let widest = WindowSize(deliveries: lane.windows.live.size.deliveries, bytes: widest[name]!)
      for (queue, kind) in [
        (lane.windows.live.fresh, ClaimRequest.Kind.fresh), (lane.windows.live.retrying, .retrying),
      ]
      where queue.count > 1 {
        let part = widest.part(of: kind)
        var (count, bytes) =
          isOrdered ? (2 * part.deliveries, 2 * part.bytes) : (part.deliveries, part.bytes)
        // What a look beyond it has brought: as much again as it reads at once, twice.
        if kind == .fresh && looksBeyond > 0 {
          (count, bytes) = (count + count / 4, bytes + bytes / 4 + (4 << 20))
        }
        try require(queue.count <= count, "\(queue.count) in a window")
        if queue.footprint <= bytes { continue }
        let last = queue.deliveries.last?.event.footprint ?? 0
        try require(queue.footprint - last <= bytes, "\(queue.footprint) B")
      }
      if held[name] != nil || lane.isRemoved {
        try require(
          lane.windows.live.fresh.isEmpty && lane.windows.live.arrivedDuringClaim.isEmpty
            && lane.windows.live.retrying.isEmpty,
          "\(name) holds on")
      }
      try require(
        lane.slots.retriesInFlight
          == lane.slots.inFlight.values.count { $0.attempts > 0 && $0.queue == .live },
        "retries are miscounted")
      try require(lane.slots.unsettled >= 0, "more is settled than was finished")
    }
  }
}

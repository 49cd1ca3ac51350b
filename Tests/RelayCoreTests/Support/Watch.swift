@testable import RelayCore

/// What the world knows while a simulation runs, and what must always hold.
struct Watch {
  private(set) var inFlight: [DeliveryID: Delivery] = [:]
  private var claims: [String: Int] = [:]
  private var heldUntil: [String: Timestamp] = [:]
  private var widest: [String: Int] = [:]
  private var endpoints: Set<String> = []
  /// Per destination, in the order of their first attempts.
  private(set) var firstAttempts: [String: [DeliveryID]] = [:]
  /// To know that the simulation reaches them.
  private(set) var retriesStarted = 0

  mutating func attempt(
    _ delivery: Delivery, to destination: Destination?, record: FakeStore.Record?, now: Timestamp
  ) throws {
    let id = delivery.id
    guard let destination, let record else {
      throw Violation("\(id) goes to \(delivery.destination), which is gone")
    }
    try require(endpoints.contains(destination.name), "\(destination.name) is attempted without an endpoint")
    try require(inFlight[id] == nil, "\(id) is in flight twice")
    try require(record.isClaimed && record.isPending, "\(id) is not claimed, or settled")
    try require(record.delivery.attempts == delivery.attempts, "\(id) has stale attempts")
    if case .retrying(let due) = record.state { try require(due <= now, "\(id) is not due before \(due)") }
    try require(now >= heldUntil[destination.name] ?? .epoch, "\(destination.name) is held, \(id) starts")
    inFlight[id] = delivery
    let others = inFlight.values.filter { $0.destination == destination.name }
    try require(others.count <= destination.concurrency, "\(others.count) in flight to \(destination.name)")
    if delivery.attempts > 0 {
      retriesStarted += 1
      let slots = destination.concurrency
      let retries = others.count { $0.attempts > 0 }
      try require(retries <= (slots == 1 ? 1 : slots - max(1, slots / 4)), "\(retries) retries of \(slots)")
    } else if !firstAttempts[destination.name, default: []].contains(id) {
      firstAttempts[destination.name, default: []].append(id)
    }
  }

  mutating func finished(_ attempt: FinishedAttempt, now: Timestamp) {
    inFlight[attempt.delivery] = nil
    guard let hold = Destination.hold(after: attempt.result) else { return }
    let name = attempt.destination
    heldUntil[name] = max(heldUntil[name] ?? .epoch, now.advanced(by: hold))
  }

  mutating func claim(_ request: ClaimRequest, now: Timestamp) throws {
    let key = "\(request.destination) \(request.kind)"
    claims[key, default: 0] += 1
    try require(claims[key] == 1, "two claims at once: \(key)")
    try require(
      request.limit > 0 && request.byteLimit > 0 && request.now == now, "\(request) asks for nothing")
  }

  mutating func answered(_ claim: Claim) { claims["\(claim.destination) \(claim.kind)"]! -= 1 }

  mutating func change(_ changed: [Destination], _ removed: [String]) {
    endpoints.formUnion(changed.map(\.name))
    endpoints.subtract(removed)
  }

  /// A relay that restarts forgets what it was told.
  mutating func restart() {
    inFlight = [:]
    claims = [:]
    heldUntil = [:]
    endpoints = []
  }

  /// Each kind takes half of the window (the widest that the lane had), and the one delivery that passes it.
  mutating func windows(of dispatcher: Dispatcher) throws {
    for (name, lane) in dispatcher.lanes {
      widest[name] = max(widest[name] ?? 0, lane.window.bytes)
      for queue in [lane.fresh, lane.retrying] {
        let last = queue.deliveries.last?.event.footprint ?? 0
        try require(queue.count <= max(1, lane.window.deliveries / 2), "\(queue.count) in a window")
        try require(
          queue.count == 1 || queue.footprint - last <= widest[name]! / 2, "\(queue.footprint) B")
      }
      try require(
        lane.retriesInFlight == lane.inFlight.values.count { $0.attempts > 0 }, "retries are miscounted")
      try require(lane.unsettled >= 0, "more is settled than was finished")
    }
  }
}

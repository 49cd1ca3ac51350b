import RelayTestSupport

@testable import RelayCore

extension Simulation {
  /// Something happens.
  mutating func step() throws {
    if happens(scenario.restarts) { return try restart() }
    if happens(scenario.removals) {
      return try configure(scenario.destinations.filter { _ in random.chance(60) })
    }
    if happens(scenario.outages) { return turnOutage() }
    if happens(scenario.refusals) { return turnRefusal() }
    if happens(scenario.pauses) { return try pause() }
    if happens(scenario.operations) { return operate() }
    if happens(scenario.fillings) { return fill() }
    if scenario.replays > 0 && happens(scenario.replays) { return replay() }
    switch random.below(10) {
    case 0: if envelopesLeft > 0 { append() }
    case 1...3: try callStore()
    case 4, 5: try notify()
    case 6, 7: try finishOne(from: finishable)
    case 8:
      let deadline = dispatcher.nextDeadline().map { now.duration(to: $0) } ?? .zero
      let waitsForDeadline = random.chance(60) && deadline < .seconds(60)
      try pass(waitsForDeadline ? deadline : .milliseconds(random.pick([0, 1, 30, 500, 3_000, 60_000])))
    default: if scenario.concurrency == 0 && random.chance(20) { try configure(Array(configured.keys)) }
    }
  }

  private mutating func happens(_ perMille: Int) -> Bool { random.below(1_000) < perMille }

  mutating func append() {
    envelopesLeft -= 1
    let deliveries = (0...random.below(scenario.envelopeSize)).map { offset in
      Made.delivery(
        nextID + Int64(offset), to: random.pick(scenario.destinations), bytes: random.pick(scenario.bodies),
        chat: "\(random.below(scenario.chats))", kind: "k\(random.below(scenario.kinds))")
    }
    nextID += Int64(deliveries.count)
    store.calls.append(.append(deliveries))
  }

  /// A replay queues some of what has arrived.
  private mutating func replay() {
    let rows = store.model.inOrderOfArrival
    guard !rows.isEmpty else { return }
    runs += 1
    let deliveries = (0...random.below(scenario.envelopeSize)).map { offset in
      let row = random.pick(rows)
      return Delivery(
        id: DeliveryID(rawValue: nextID + Int64(offset)), event: row.delivery.event,
        destination: random.pick(scenario.destinations), run: runs, since: .epoch)
    }
    nextID += Int64(deliveries.count)
    store.calls.append(.replay(deliveries))
  }

  mutating func callStore() throws {
    guard let call = store.calls.first else { return }
    try store.doOneCall(now: now, inFlight: Set(watch.inFlight.keys))
    switch call {
    case .append(let deliveries), .replay(let deliveries):
      for delivery in deliveries { ages[delivery.id] = watch.service[delivery.destination, default: .zero] }
    case .operate(let operation):
      for id in store.revived { ages[id] = watch.service[operation.destination, default: .zero] }
    default: break
    }
  }

  mutating func notify() throws {
    guard !store.notifications.isEmpty else { return }
    let notification = store.notifications.removeFirst()
    switch notification {
    case .claimed(let claim): watch.answered(claim)
    case .hold(let names, _): for name in names { watch.held[name, default: 0] += 1 }
    case .resume(let names, let areRetried):
      for name in names where areRetried { watch.retriedByPerson(name) }
      for name in names { watch.held[name] = watch.held[name]! > 1 ? watch.held[name]! - 1 : nil }
    case .pause(let name, let until): watch.pausedUntil[name] = until
    case .storeHolds(let isHolding): watch.storeHolds = isHolding
    default: break
    }
    try handle(notification)
  }

  var finishable: [DeliveryID] {
    watch.inFlight.values.filter { !scenario.hangs || $0.destination != "a" }.map(\.id).sorted()
  }

  mutating func finishOne(from attempts: [DeliveryID]) throws {
    guard !attempts.isEmpty else { return }
    let id = random.pick(attempts)
    let delivery = watch.inFlight[id]!
    let name = delivery.destination
    let finished = FinishedAttempt(
      delivery: id, destination: name, result: answer(of: name, to: delivery.event.type))
    watch.finished(finished, in: dispatcher.lanes[name], now: now)
    try handle(.finished(finished))
  }

  private mutating func answer(of name: String, to kind: String) -> AttemptResult {
    if isHealed { return Made.result(200) }
    if let outage = outages[name] { return outage.result }
    if let refusal = refusals[name], refusal.kind == kind { return refusal.result }
    if random.chance(scenario.successes) { return Made.result(200) }
    if random.chance(20) { return Made.failure(random.pick(TransportFailure.Kind.allCases)) }
    let retryAfter: Duration? = random.chance(10) ? .seconds(random.pick([1, 1, 5, 30, 30, 5_000])) : nil
    return Made.result(random.pick([500, 503, 429, 301, 400, 409]), retryAfter: retryAfter)
  }

  private mutating func turnOutage() {
    let name = random.pick(scenario.destinations)
    outages[name] = outages[name] == nil ? random.pick(Made.Trouble.allCases) : nil
  }

  private mutating func turnRefusal() {
    let name = random.pick(scenario.destinations)
    let result = random.pick([
      Made.result(404), Made.result(500), Made.failure(.timeout), Made.failure(.reset),
    ])
    refusals[name] = refusals[name] == nil ? ("k\(random.below(scenario.kinds))", result) : nil
  }

  private mutating func pause() throws {
    let name = random.pick(scenario.destinations)
    if random.chance(20), var destination = configured[name] {
      destination.pausedAt = destination.pausedAt == nil ? "routes.yaml:1" : nil
      configured[name] = destination
      return try handle(.configure(configured.values.sorted { $0.name < $1.name }))
    }
    let until: Timestamp? = random.pick([
      nil, nil, .distantFuture, now.advanced(by: .seconds(random.below(100))),
    ])
    store.pausedUntil[name] = until
    store.notifications.append(.pause(name, until: until))
  }

  private mutating func operate() {
    let kind: FakeStore.Operation.Kind = random.pick([
      .discard, .retryDead, .retryDead, .retryDead, .reorder(random.pick(Ordering.allCases)),
    ])
    let operation = FakeStore.Operation(
      destination: random.pick(scenario.destinations), kind: kind, divisor: Int64(1 + random.below(6)))
    let token = Int(random.next() >> 8)
    operations[token] = operation
    store.calls.append(.hold(operation.destination, token: token))
  }

  mutating func held(_ token: Int) {
    guard let operation = operations.removeValue(forKey: token) else { return }
    store.calls.append(.operate(operation))
    store.calls.append(.resume(operation.destination))
  }

  private mutating func fill() { store.notifications.append(.storeHolds(random.chance(50))) }

  mutating func configure(_ names: [String]) throws {
    var destinations: [String: Destination] = [:]
    for name in names.sorted() {
      var destination = Made.destination(name, concurrency: scenario.concurrency)
      if scenario.concurrency == 0 { destination.concurrency = 1 + random.below(5) }
      destination.retry.maxAttempts = scenario.maxAttempts
      destination.retry.maxAge = scenario.maxAge
      destination.circuit.failures = 4
      destination.ordering = scenario.ordering
      destination.rate = scenario.rate
      destination.pausedAt = configured[name]?.pausedAt
      destinations[name] = destination
    }
    configured = destinations
    try handle(.configure(configured.values.sorted { $0.name < $1.name }))
  }

  private mutating func restart() throws {
    store.openAnew()
    watch.restart(store.pausedUntil)
    operations = [:]
    dispatcher = Dispatcher(randomness: SplitMix64(seed: random.next()))
    let stored = scenario.destinations.sorted().map { name in
      var stored = StoredDestination(name: name)
      stored.pausedUntil = store.pausedUntil[name]
      stored.replaying = store.model.books[name]?.replaying ?? 0
      stored.suspended = store.model.suspended[name] ?? SuspendedTime()
      return stored
    }
    dispatcher.handle(.restored(stored), now: now)
    try handle(.configure(configured.values.sorted { $0.name < $1.name }))
  }
}

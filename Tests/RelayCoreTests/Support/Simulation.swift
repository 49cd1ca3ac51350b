import RelayTestSupport
import RelayCore

/// A dispatcher among a fake store and made-up destinations; everything that happens is drawn from a seed.
struct Simulation {
  let scenario: Scenario
  var random: SplitMix64
  var now = Timestamp.tick(1_000)
  var dispatcher: Dispatcher
  var store = FakeStore()
  var configured: [String: Destination] = [:]
  var watch = Watch()
  private var nextID: Int64 = 1
  private var envelopesLeft: Int

  init(_ scenario: Scenario, seed: UInt64) throws {
    self.scenario = scenario
    random = SplitMix64(seed: seed)
    dispatcher = Dispatcher(randomness: SplitMix64(seed: seed))
    envelopesLeft = scenario.envelopes
    try configure(scenario.destinations)
  }

  /// Lets things happen, then lets all that is owed come to its end.
  mutating func run() throws {
    for _ in 0..<scenario.steps { try step() }
    while envelopesLeft > 0 { append() }
    if configured.count < scenario.destinations.count { try configure(scenario.destinations) }
    try finishUp()
  }

  // MARK: What happens

  private mutating func step() throws {
    if random.below(1_000) < scenario.restarts * 10 { return try restart() }
    if random.below(1_000) < scenario.removals * 10 {
      return try configure(scenario.destinations.filter { _ in random.chance(60) })
    }
    switch random.below(10) {
    case 0: if envelopesLeft > 0 { append() }
    case 1...3: if !store.calls.isEmpty { try store.doOneCall() }
    case 4, 5: try notify()
    case 6, 7: try finishOne(from: finishable)
    case 8:
      now = now.advanced(by: .milliseconds(random.pick([0, 1, 500, 3_000, 60_000])))
      try pump()
    default: if scenario.concurrency == 0 && random.chance(20) { try configure(Array(configured.keys)) }
    }
  }

  private mutating func append() {
    envelopesLeft -= 1
    let deliveries = (0...random.below(scenario.envelopeSize)).map { offset in
      Made.delivery(
        nextID + Int64(offset), to: random.pick(scenario.destinations), bytes: random.pick(scenario.bodies),
        since: now)
    }
    nextID += Int64(deliveries.count)
    store.calls.append(.append(deliveries))
  }

  mutating func notify() throws {
    guard !store.notifications.isEmpty else { return }
    let notification = store.notifications.removeFirst()
    if case .claimed(let claim) = notification { watch.answered(claim) }
    try handle(notification)
  }

  var finishable: [DeliveryID] {
    watch.inFlight.values.filter { !scenario.hangs || $0.destination != "a" }.map(\.id).sorted()
  }

  mutating func finishOne(from attempts: [DeliveryID]) throws {
    guard !attempts.isEmpty else { return }
    let id = random.pick(attempts)
    let delivery = watch.inFlight[id]!
    let status = random.chance(scenario.successes) ? 200 : random.pick([500, 503, 429, 301, 400])
    let retryAfter: Duration? = random.chance(15) ? .seconds(random.pick([1, 30, 5_000])) : nil
    let finished = Made.finished(id.rawValue, status, of: delivery.destination, retryAfter: retryAfter)
    watch.finished(finished, now: now)
    try handle(.finished(finished))
  }

  private mutating func configure(_ names: [String]) throws {
    configured = [:]
    for name in names.sorted() {
      var destination = Made.destination(name, concurrency: scenario.concurrency)
      if scenario.concurrency == 0 { destination.concurrency = 1 + random.below(5) }
      destination.retry.maxAttempts = 6
      configured[name] = destination
    }
    try handle(.configure(configured.values.sorted { $0.name < $1.name }))
  }

  private mutating func restart() throws {
    store.openAnew()
    watch.restart()
    dispatcher = Dispatcher(randomness: SplitMix64(seed: random.next()))
    try handle(.configure(configured.values.sorted { $0.name < $1.name }))
  }

  private mutating func handle(_ input: Dispatcher.Input) throws {
    dispatcher.handle(input, now: now)
    try pump()
  }

  /// Takes the dispatcher's actions, watches that they are right, and carries them out.
  mutating func pump() throws {
    var settlements: [(Settlement, destination: String)] = []
    for action in dispatcher.takeActions(now: now).inLaneOrder {
      switch action {
      case .attempt(let delivery):
        try watch.attempt(
          delivery, to: configured[delivery.destination], record: store.records[delivery.id], now: now)
      case .settle(let settlement, let destination): settlements.append((settlement, destination))
      case .claim(let request):
        try watch.claim(request, now: now)
        store.calls.append(.claim(request, fails: random.chance(scenario.claimFailures)))
      case .release(let ids): store.calls.append(.release(ids))
      case .changeEndpoints(let changed, let removed): watch.change(changed, removed)
      }
    }
    if !settlements.isEmpty { store.calls.append(.settle(settlements)) }
    try watch.windows(of: dispatcher)
  }
}

extension [Dispatcher.Action] {
  /// Lanes take their turns in any order; here in one that is the same on every run.
  fileprivate var inLaneOrder: [Dispatcher.Action] {
    func lane(_ action: Dispatcher.Action) -> String {
      switch action {
      case .attempt(let delivery): delivery.destination
      case .claim(let request): request.destination
      case .settle, .release, .changeEndpoints: ""
      }
    }
    return enumerated().sorted { (lane($0.element), $0.offset) < (lane($1.element), $1.offset) }.map(
      \.element)
  }
}

import RelayTestSupport

@testable import RelayCore

/// A dispatcher among a fake store and made-up destinations; everything that happens is drawn from a seed.
struct Simulation {
  let scenario: Scenario
  var random: SplitMix64
  var now = Timestamp.tick(1_000)
  var dispatcher: Dispatcher
  var store = FakeStore()
  var configured: [String: Destination] = [:]
  var watch = Watch()
  /// How destinations are down.
  var outages: [String: Made.Trouble] = [:]
  var operations: [Int: FakeStore.Operation] = [:]
  var nextID: Int64 = 1
  /// Replays that have begun.
  var runs = 0
  var envelopesLeft: Int
  /// From now on every destination answers 200.
  var isHealed = false
  /// When a delivery's age began, on `watch.service`.
  var ages: [DeliveryID: Duration] = [:]
  /// Which kind a destination refuses, and how.
  var refusals: [String: (kind: String, result: AttemptResult)] = [:]
  private(set) var deaths: [DeathReason: Int] = [:]
  private(set) var openings = 0
  private(set) var openingsByHeads = 0

  init(_ scenario: Scenario, seed: UInt64) throws {
    self.scenario = scenario
    random = SplitMix64(seed: seed)
    dispatcher = Dispatcher(randomness: SplitMix64(seed: seed))
    envelopesLeft = scenario.envelopes
    for name in scenario.destinations { store.model.reorder(name, by: scenario.ordering) }
    try configure(scenario.destinations)
  }

  /// Lets things happen, then lets all that is owed come to its end.
  mutating func run() throws {
    for _ in 0..<scenario.steps { try step() }
    while envelopesLeft > 0 { append() }
    try finishUp()
  }

  mutating func handle(_ input: Dispatcher.Input) throws {
    dispatcher.handle(input, now: now)
    try pump()
  }

  mutating func pass(_ time: Duration) throws {
    watch.pass(time, from: now, configured)
    now = now.advanced(by: time)
    try pump()
  }

  /// Takes the dispatcher's actions, watches that they are right, and carries them out.
  mutating func pump() throws {
    var settlements: [(Settlement, destination: String)] = []
    for action in dispatcher.takeActions(now: now) {
      switch action {
      case .attempt(let delivery):
        let name = delivery.destination
        try watch.attempt(
          delivery, to: configured[name], of: store, lane: dispatcher.lanes[name], now: now)
      case .batch, .settleCompanion: throw Violation("there are no batches here")
      case .settle(let settlement, let delivery, let isProbe):
        try check(settlement, of: delivery, isProbe: isProbe)
        settlements.append((settlement, delivery.destination))
      case .claim(let request):
        try watch.claim(request, now: now)
        store.calls.append(.claim(request, fails: random.chance(scenario.claimFailures)))
      case .release(let ids): store.calls.append(.release(ids))
      case .changeDestinations(let changed, let removed): watch.change(changed, removed)
      case .freshConnections: break
      case .held(let token): held(token)
      case .keepSuspendedTime(let suspended, let name):
        store.model.setSuspended(suspended, of: name)
      case .circuitChanged(let name, let change):
        if case .opened = change { openings += 1 }
        try watch.circuits[name, default: WatchedCircuit()].told(change, at: now)
        if watch.circuits[name]!.isByHeads { openingsByHeads += 1 }
      }
    }
    if !settlements.isEmpty { store.calls.append(.settle(settlements)) }
    for (name, circuit) in watch.circuits {
      if dispatcher.lanes[name] == nil { watch.forget(name) } else { try circuit.expectEverythingTold() }
    }
    try watch.windows(of: dispatcher)
    for (name, destination) in configured {
      if let lane = dispatcher.lanes[name] {
        try watch.expectNothingIsHeldForOthers(destination, lane, now: now)
      }
    }
  }

  /// The limits count what they should.
  private mutating func check(_ settlement: Settlement, of delivery: Delivery, isProbe: Bool) throws {
    let id = delivery.id
    let counted = delivery.countedAttempts + (isProbe ? 0 : 1)
    try require(settlement.countedAttempts == counted, "\(id): \(settlement.countedAttempts) are counted")
    try require(isProbe == watch.ending.isProbe, "\(id) is called \(isProbe ? "a probe" : "no probe")")
    if !settlement.attempt.isSuccess {
      try require(settlement.probedAt == (isProbe ? now : delivery.probedAt), "\(id) was probed")
    }
    if case .dead(let reason) = settlement.outcome { deaths[reason, default: 0] += 1 }
    let name = delivery.destination
    if settlement.attempt.isSuccess { watch.lastExpiry[name] = nil }
    guard let destination = configured[name], !settlement.attempt.isSuccess,
      settlement.outcome != .dead(.permanent)
    else { return }
    let isExhausted = !isProbe && destination.retry.maxAttempts.map { counted >= $0 } ?? false
    try require(isExhausted == (settlement.outcome == .dead(.exhausted)), "\(id) after \(counted)")
    guard !isExhausted, scenario.removals == 0 else { return }
    let isExpired = mustExpire(settlement, of: delivery, destination, isProbe: isProbe)
    try require(isExpired == (settlement.outcome == .dead(.expired)), "\(id): \(settlement.outcome)")
    if isExpired { watch.lastExpiry[name] = watch.unpaused[name, default: .zero] }
    if isProbe && !isExpired {
      try require(settlement.outcome == .retry(at: now), "\(id): \(settlement.outcome)")
    }
  }

  private func mustExpire(
    _ settlement: Settlement, of delivery: Delivery, _ destination: Destination, isProbe: Bool
  ) -> Bool {
    let (name, blame) = (delivery.destination, settlement.attempt.blame)
    var age = watch.service[name, default: .zero] - ages[delivery.id]!
    let sinceLast = watch.lastExpiry[name].map { watch.unpaused[name, default: .zero] - $0 }
    // An outage of an ordered destination costs one in each `max_age`.
    let mayExpire =
      destination.ordering == .none || sinceLast.map { $0 >= destination.retry.maxAge } ?? true
    if isProbe {
      age += watch.openFor[name, default: .zero]
      return watch.ending.isByHeads && blame == .destination && mayExpire && age >= destination.retry.maxAge
    }
    return age >= destination.retry.maxAge && (mayExpire || blame == .event || watch.ending.isIgnored)
  }
}

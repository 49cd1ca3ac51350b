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
  var operations: [Int: Operation] = [:]
  var nextID: Int64 = 1
  var envelopesLeft: Int
  /// From now on every destination answers 200.
  var isHealed = false
  /// When a delivery's age began, on `watch.service`.
  var ages: [DeliveryID: Duration] = [:]
  /// Of the attempt that ends just now.
  var endsProbe = false
  private(set) var deaths: [DeathReason: Int] = [:]
  private(set) var openings = 0

  init(_ scenario: Scenario, seed: UInt64) throws {
    self.scenario = scenario
    random = SplitMix64(seed: seed)
    dispatcher = Dispatcher(randomness: SplitMix64(seed: seed))
    envelopesLeft = scenario.envelopes
    for name in scenario.destinations { store.orderings[name] = scenario.ordering }
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
      case .settle(let settlement, let delivery, let isProbe):
        try check(settlement, of: delivery, isProbe: isProbe)
        settlements.append((settlement, delivery.destination))
      case .claim(let request):
        try watch.claim(request, now: now)
        store.calls.append(.claim(request, fails: random.chance(scenario.claimFailures)))
      case .release(let ids): store.calls.append(.release(ids))
      case .changeEndpoints(let changed, let removed): watch.change(changed, removed)
      case .recalled(let token): recalled(token)
      case .note(let suspended, let name): store.standings[name, default: Standing()].suspended = suspended
      case .circuitChanged(let name, let change):
        if case .opened = change { openings += 1 }
        try watch.circuits[name, default: WatchedCircuit()].told(change, at: now)
      }
    }
    if !settlements.isEmpty { store.calls.append(.settle(settlements)) }
    for (name, circuit) in watch.circuits {
      if dispatcher.lanes[name] == nil { watch.forget(name) } else { try circuit.expectEverythingTold() }
    }
    try watch.windows(of: dispatcher)
  }

  /// The limits count what they should.
  private mutating func check(_ settlement: Settlement, of delivery: Delivery, isProbe: Bool) throws {
    let id = delivery.id
    let counted = delivery.countedAttempts + (isProbe ? 0 : 1)
    try require(settlement.countedAttempts == counted, "\(id): \(settlement.countedAttempts) are counted")
    try require(isProbe == endsProbe, "\(id) is called \(isProbe ? "a probe" : "no probe")")
    if !settlement.attempt.isSuccess {
      try require(settlement.probedAt == (isProbe ? now : delivery.probedAt), "\(id) was probed")
    }
    if case .dead(let reason) = settlement.outcome { deaths[reason, default: 0] += 1 }
    guard let destination = configured[delivery.destination], !settlement.attempt.isSuccess,
      settlement.outcome != .dead(.permanent)
    else { return }
    if isProbe { return try require(settlement.outcome == .retry(at: now), "\(id): \(settlement.outcome)") }
    let isExhausted = destination.retry.maxAttempts.map { counted >= $0 } ?? false
    try require(isExhausted == (settlement.outcome == .dead(.exhausted)), "\(id) after \(counted)")
    guard !isExhausted, scenario.removals == 0 else { return }
    let age = watch.service[delivery.destination, default: .zero] - ages[id]!
    let isExpired = age >= destination.retry.maxAge
    try require(isExpired == (settlement.outcome == .dead(.expired)), "\(id) at an age of \(age)")
  }
}

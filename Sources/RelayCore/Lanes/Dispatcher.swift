/// Every lane, and whose turn it is: a pure state machine that turns what has happened into what to do.
public struct Dispatcher: Sendable {
  public enum Input: Sendable {
    /// The destinations that there are from now on.
    case configure([Destination])
    /// Committed just now, and claimed.
    case arrived([Delivery])
    case claimed(Claim)
    case finished(FinishedAttempt)
    case settled([Settled])
    /// No more attempts start.
    case drain
  }

  public enum Action: Sendable, Equatable {
    case attempt(Delivery)
    case settle(Settlement, destination: String)
    case claim(ClaimRequest)
    case release([DeliveryID])
    case changeEndpoints([Destination], removed: [String])
  }

  /// An outcome that is on disk.
  public struct Settled: Sendable, Equatable {
    public var destination: String
    public var outcome: Settlement.Outcome

    public init(destination: String, outcome: Settlement.Outcome) {
      self.destination = destination
      self.outcome = outcome
    }
  }

  /// By destination. A removed one's lane stays until its attempts have ended and their outcomes are on disk.
  public private(set) var lanes: [String: Lane] = [:]
  private var randomness: any RandomNumberGenerator & Sendable
  private var actions: [Action] = []
  /// Lanes that an input touched.
  private var touched: Set<String> = []
  private var deadlines = DeadlineQueue<String, Timestamp>()
  private var isDraining = false
  private var attemptsInFlight = 0

  public init(randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
    self.randomness = randomness
  }

  /// Nothing is in flight, and every outcome is on disk.
  public var isIdle: Bool { attemptsInFlight == 0 && lanes.values.allSatisfy { $0.unsettled == 0 } }

  public mutating func handle(_ input: Input, now: Timestamp) {
    switch input {
    case .configure(let destinations): configure(destinations)
    case .arrived(let deliveries): arrived(deliveries)
    case .claimed(let claim): claimed(claim, now: now)
    case .finished(let attempt): finished(attempt, now: now)
    case .settled(let settled): for one in settled { self.settled(one) }
    case .drain: isDraining = true
    }
  }

  /// What is to be done now, in order. Each action is told once.
  public mutating func takeActions(now: Timestamp) -> [Action] {
    while let due = deadlines.popDue(at: now) { touched.insert(due) }
    if !isDraining {
      for name in touched { advance(name, now: now) }
    }
    touched.removeAll(keepingCapacity: true)
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  /// When to come back without an input; nil: not before one comes.
  public mutating func nextDeadline() -> Timestamp? { isDraining ? nil : deadlines.next() }

  // MARK: Inputs

  private mutating func configure(_ destinations: [Destination]) {
    let window = LaneWindow.share(ofLanes: destinations.count)
    for name in lanes.keys { lanes[name]!.window = window }
    let changed = destinations.filter { lanes[$0.name]?.destination != $0 || lanes[$0.name]!.isRemoved }
    for destination in changed {
      lanes[destination.name, default: Lane(destination: destination, window: window)].destination =
        destination
      if lanes[destination.name]!.isRemoved { lanes[destination.name]!.restore() }
      touched.insert(destination.name)
    }
    let names = Set(destinations.map(\.name))
    let removed = lanes.filter { !$0.value.isRemoved && !names.contains($0.key) }.map(\.key)
    for name in removed {
      release(lanes[name]!.giveUpWindow())
      lanes[name]!.remove()
      deadlines.set(nil, for: name)
      touched.insert(name)
    }
    if !(changed.isEmpty && removed.isEmpty) { actions.append(.changeEndpoints(changed, removed: removed)) }
  }

  private mutating func arrived(_ deliveries: [Delivery]) {
    var refused: [DeliveryID] = []
    for delivery in deliveries {
      touched.insert(delivery.destination)
      // A destination that is no longer configured has no lane: its deliveries stay in the store.
      guard lanes[delivery.destination]?.isRemoved == false else {
        refused.append(delivery.id)
        continue
      }
      if let id = lanes[delivery.destination]!.arrived(delivery) { refused.append(id) }
    }
    release(refused)
  }

  private mutating func claimed(_ claim: Claim, now: Timestamp) {
    guard lanes[claim.destination] != nil else { return release(claim.deliveries.map(\.id)) }
    touched.insert(claim.destination)
    release(lanes[claim.destination]!.claimed(claim, now: now))
    if lanes[claim.destination]!.isRemoved { release(lanes[claim.destination]!.giveUpWindow()) }
  }

  private mutating func finished(_ attempt: FinishedAttempt, now: Timestamp) {
    attemptsInFlight -= 1
    touched.insert(attempt.destination)
    let settlement = lanes[attempt.destination]?.finished(
      attempt.delivery, result: attempt.result, now: now, random: Double.random(in: 0..<1, using: &randomness)
    )
    if let settlement {
      actions.append(.settle(settlement, destination: attempt.destination))
    } else {
      release([attempt.delivery])
    }
  }

  private mutating func settled(_ settled: Settled) {
    touched.insert(settled.destination)
    lanes[settled.destination]?.settled(settled.outcome)
  }

  private mutating func release(_ deliveries: [DeliveryID]) {
    if !deliveries.isEmpty { actions.append(.release(deliveries)) }
  }

  // MARK: Turns

  /// Starts what may start, asks for what is missing, and notes when to look again.
  private mutating func advance(_ name: String, now: Timestamp) {
    guard let isRemoved = lanes[name]?.isRemoved else { return }
    if isRemoved {
      if lanes[name]!.isQuiet { lanes[name] = nil }
      return
    }
    while let delivery = lanes[name]!.nextAttempt(now: now) {
      attemptsInFlight += 1
      actions.append(.attempt(delivery))
    }
    while let claim = lanes[name]!.nextClaim(now: now) { actions.append(.claim(claim)) }
    deadlines.set(lanes[name]!.deadline(now: now), for: name)
  }
}

extension Delivery: Equatable {
  public static func == (a: Delivery, b: Delivery) -> Bool { a.id == b.id && a.attempts == b.attempts }
}

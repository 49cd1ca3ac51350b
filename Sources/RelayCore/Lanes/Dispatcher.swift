/// Every lane, and whose turn it is: a pure state machine that turns what has happened into what to do.
///
/// A turn looks at the lanes that an input or the time has touched, in the order in which they were, and at no others.
package struct Dispatcher: Sendable {
  /// By destination. A removed one's lane stays until its attempts have ended and their outcomes are on disk.
  package internal(set) var lanes = LaneTable()
  /// Of destinations that have no lane.
  var standings: [String: Standing] = [:]
  var recalls = Recalls()
  /// How far the wall clock is ahead of the time that it works by.
  var wallOffset = Duration.zero
  var actions: [Action] = []
  /// The places of lanes that are to have a turn.
  private var touched: [Int] = []
  /// Lanes of removed destinations that have nothing left to do.
  private var ended: Set<String> = []
  private var deadlines = DeadlineQueue<String, Timestamp>()
  private var randomness: any RandomNumberGenerator & Sendable
  private var attemptsInFlight = 0
  private var isDraining = false
  private var storeHolds = false

  package init(randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
    self.randomness = randomness
  }

  /// Nothing is in flight, and every outcome is on disk. Looks at every lane.
  package var isIdle: Bool { attemptsInFlight == 0 && lanes.all.allSatisfy { $0.unsettled == 0 } }

  /// Lets `body` look at a destination as it is configured now; of a removed one, as it was, while attempts to it are in
  /// flight. (A copy of so large a value for each attempt would cost as much as its request.)
  package mutating func withDestination<Result>(_ name: String, _ body: (Destination) -> Result) -> Result? {
    guard let place = lanes.place(of: name) else { return nil }
    // Not through the table's accessor: Swift 6.3.1, without optimization, then releases what it has only lent.
    return body(lanes.all[place].destination)
  }

  /// How every lane is, by name.
  package func snapshot(now: Timestamp) -> [LaneStatus] {
    lanes.all.map { $0.status(at: now) }.sorted { $0.name < $1.name }
  }

  package mutating func handle(_ input: Input, now: Timestamp) {
    switch input {
    case .configure(let destinations): configure(destinations)
    case .restored(let stored): restored(stored, now: now)
    case .arrived(let deliveries): take(deliveries) { $0.arrived($1) }
    case .promoted(let deliveries): take(deliveries) { $0.promoted($1, now: now) }
    case .claimed(let claim): claimed(claim, now: now)
    case .finished(let attempt): finished(attempt, now: now)
    case .settled(let settled): for one in settled { self.settled(one, now: now) }
    case .recall(let names, let token): recall(names, token: token)
    case .readmit(let names, let areRetried): readmit(names, areRetried: areRetried, now: now)
    case .wallClock(let offset): wallClockSet(to: offset)
    case .pause(let name, let until): pause(name, until: until, now: now)
    case .liftHold(let name): liftHold(name)
    case .freshConnections(let names): freshConnections(names)
    case .storeHolds(let isHolding): hold(isHolding)
    case .drain: isDraining = true
    }
  }

  /// What is to be done now, in order. Each action is told once.
  package mutating func takeActions(now: Timestamp) -> [Action] {
    while let due = deadlines.popDue(at: now) {
      if let place = lanes.place(of: due) { touch(place) }
    }
    for place in touched { advance(place, now: now) }
    touched.removeAll(keepingCapacity: true)
    if !ended.isEmpty { dropEnded(now: now) }
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  /// When to come back without an input; nil: not before one comes.
  package mutating func nextDeadline() -> Timestamp? { isDraining ? nil : deadlines.next() }

  /// Lets a lane have a turn.
  mutating func touch(_ place: Int) {
    guard !lanes[place].isTouched else { return }
    lanes[place].isTouched = true
    touched.append(place)
  }

  mutating func release(_ deliveries: [DeliveryID]) {
    if !deliveries.isEmpty { actions.append(.release(deliveries)) }
  }

  mutating func forgetDeadline(of name: String) { deadlines.set(nil, for: name) }

  // MARK: The path

  /// Gives deliveries to their lanes, and back to the store what these don't take.
  private mutating func take(
    _ deliveries: [Delivery], by lane: (inout Lane, Delivery) -> DeliveryID?
  ) {
    var refused: [DeliveryID] = []
    for delivery in deliveries {
      // A destination that is no longer configured has no lane: its deliveries stay in the store.
      guard let place = lanes.place(of: delivery.destination), lanes[place].takesDeliveries else {
        refused.append(delivery.id)
        continue
      }
      if let id = lane(&lanes[place], delivery) { refused.append(id) }
      touch(place)
    }
    release(refused)
  }

  private mutating func claimed(_ claim: Claim, now: Timestamp) {
    guard let place = lanes.place(of: claim.destination) else {
      return release(claim.deliveries.map(\.id))
    }
    release(lanes[place].claimed(claim, now: now))
    if !lanes[place].isClaiming { claimsEnded(of: claim.destination) }
    touch(place)
  }

  private mutating func finished(_ attempt: FinishedAttempt, now: Timestamp) {
    attemptsInFlight -= 1
    let random = attempt.result.isSuccess ? 0 : Double.random(in: 0..<1, using: &randomness)
    guard let place = lanes.place(of: attempt.destination),
      let ended = lanes[place].finished(
        attempt.delivery, result: attempt.result, now: now, random: random)
    else { return release([attempt.delivery]) }
    actions.append(.settle(ended.settlement, of: ended.delivery, isProbe: ended.isProbe))
    if ended.changesCircuit { circuitChanged(place) }
    touch(place)
  }

  private mutating func settled(_ settled: Settled, now: Timestamp) {
    guard let place = lanes.place(of: settled.destination) else { return }
    lanes[place].settled(settled.outcome, now: now)
    touch(place)
  }

  private mutating func hold(_ isHolding: Bool) {
    storeHolds = isHolding
    for place in lanes.all.indices { touch(place) }
  }

  // MARK: Turns

  /// Starts what may start, asks for what is missing, and notes when to look again.
  private mutating func advance(_ place: Int, now: Timestamp) {
    lanes[place].isTouched = false
    let name = lanes[place].destination.name
    if isDraining { return }
    if lanes[place].isRemoved {
      if lanes[place].isQuiet { ended.insert(name) }
      return
    }
    if lanes[place].advance(to: now) {
      actions.append(.note(lanes[place].standing.suspended, destination: name))
    }
    while !storeHolds, let delivery = lanes[place].nextAttempt(now: now) {
      attemptsInFlight += 1
      actions.append(.attempt(delivery))
    }
    while let claim = lanes[place].nextClaim(now: now) { actions.append(.claim(claim)) }
    deadlines.set(lanes[place].deadline(now: now, mayStart: !storeHolds), for: name)
  }

  private mutating func dropEnded(now: Timestamp) {
    for name in ended { keepStanding(of: name, now: now) }
    lanes.remove(ended)
    ended.removeAll()
  }
}

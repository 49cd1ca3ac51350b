/// Every lane, and whose turn it is: a pure state machine that turns what has happened into what to do.
///
/// A turn looks at the lanes that an input or the time has touched, in the order in which they were, and at no others.
package struct Dispatcher: Sendable {
  /// By destination. A removed one's lane stays until its attempts have ended and their outcomes are on disk.
  private(set) var lanes = LaneTable()
  private var absent = AbsentStandings()
  private var holds = LaneHolds()
  /// Destinations for which replays had queued something when the process began; nil: it may be any, by now.
  private var replaying: Set<String>? = []
  /// How far the wall clock is ahead of the time that it works by.
  private var wallOffset = Duration.zero
  private var actions: [Action] = []
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
  package var isIdle: Bool { attemptsInFlight == 0 && lanes.all.allSatisfy(\.isSettled) }

  /// The request of an attempt, made by the destination as it is configured now; of a removed one, as it was, while attempts
  /// to it are in flight. (A copy of so large a value for each attempt would cost as much as its request.)
  package mutating func request(
    to name: String, _ make: (Destination) -> AttemptRequest
  ) -> AttemptRequest? {
    guard let place = lanes.place(of: name) else { return nil }
    // Not through the table's accessor: Swift 6.3.1, without optimization, then releases what it has only lent.
    return make(lanes.all[place].destination)
  }

  /// What its deliveries are kept in order by; nil: there is no such lane.
  package mutating func ordering(of name: String) -> Ordering? {
    lanes.place(of: name).map { lanes.all[$0].destination.ordering }
  }

  /// How every lane is, by name.
  package func snapshot(now: Timestamp) -> [LaneStatus] {
    lanes.statuses(at: now)
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
    case .replayQueued(let names): forEachLane(of: names) { $0.replayQueued() }
    case .storedByOthers(let names): forEachLane(of: names) { $0.storedByOthers() }
    case .changedHands(let names): changedHands(names)
    case .hold(let names, let token): hold(names, token: token)
    case .resume(let names, let areRetried): resume(names, areRetried: areRetried, now: now)
    case .wallClock(let offset): wallClockSet(to: offset)
    case .pause(let name, let until): pause(name, until: until, now: now)
    case .endRetryAfter(let name): endRetryAfter(name)
    case .freshConnections(let names): freshConnections(names)
    case .storeHolds(let isHolding):
      storeHolds = isHolding
      lanes.touchAll()
    case .drain: isDraining = true
    }
  }

  /// What is to be done now, in order. Each action is told once.
  package mutating func takeActions(now: Timestamp) -> [Action] {
    while let due = deadlines.popDue(at: now) {
      guard let place = lanes.place(of: due) else { continue }
      lanes.deadlineCame(of: place)
      lanes.touch(place)
    }
    for place in lanes.touched { advance(place, now: now) }
    lanes.forgetTouched()
    if !ended.isEmpty { dropEnded(now: now) }
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  /// When to come back without an input; nil: not before one comes.
  package mutating func nextDeadline() -> Timestamp? { isDraining ? nil : deadlines.next() }

  private mutating func release(_ deliveries: [DeliveryID]) {
    if !deliveries.isEmpty { actions.append(.release(deliveries)) }
  }

  // MARK: The path

  /// Gives deliveries to their lanes, and back to the store what these don't take.
  private mutating func take(
    _ deliveries: [Delivery], by lane: (inout Lane, Delivery) -> [DeliveryID]
  ) {
    var refused: [DeliveryID] = []
    for delivery in deliveries {
      // A destination that is no longer configured has no lane: its deliveries stay in the store.
      guard let place = lanes.place(of: delivery.destination), lanes[place].takesDeliveries else {
        refused += delivery.ids
        continue
      }
      refused += lane(&lanes[place], delivery)
      lanes.touch(place)
    }
    release(refused)
  }

  private mutating func claimed(_ claim: Claim, now: Timestamp) {
    guard let place = lanes.place(of: claim.destination) else {
      return release(claim.deliveries.allIDs)
    }
    release(lanes[place].claimed(claim, now: now))
    if !lanes[place].isClaiming {
      for token in holds.claimsEnded(of: claim.destination) { actions.append(.held(token: token)) }
    }
    lanes.touch(place)
  }

  private mutating func finished(_ attempt: FinishedAttempt, now: Timestamp) {
    attemptsInFlight -= 1
    let random = attempt.result.isSuccess ? 0 : Double.random(in: 0..<1, using: &randomness)
    guard let place = lanes.place(of: attempt.destination),
      let ended = lanes[place].finished(
        attempt.delivery, result: attempt.result, now: now, random: random)
    else { return release([attempt.delivery]) }
    // The last first: as long as the first of an order key is pending, none of those behind it takes its place in the store.
    for other in ended.others.reversed() {
      actions.append(.settleCompanion(other.settlement, of: other.delivery))
    }
    actions.append(.settle(ended.settlement, of: ended.delivery, isProbe: ended.isProbe))
    if ended.changesCircuit { tellCircuit(of: place) }
    lanes.touch(place)
  }

  private mutating func settled(_ settled: Settled, now: Timestamp) {
    guard let place = lanes.place(of: settled.destination) else { return }
    lanes[place].settled(settled.outcome, of: settled.queue, now: now)
    lanes.touch(place)
  }

  private mutating func forEachLane(of names: [String], _ body: (inout Lane) -> Void) {
    for name in names {
      guard let place = lanes.place(of: name) else { continue }
      body(&lanes[place])
      lanes.touch(place)
    }
  }

  private mutating func changedHands(_ names: [String]) {
    for name in names {
      guard let place = lanes.place(of: name) else { continue }
      if lanes[place].changedHands() { tellCircuit(of: place) }
      lanes.touch(place)
    }
  }

  private mutating func tellCircuit(of place: Int) {
    actions.append(.circuitChanged(destination: lanes.names[place], lanes[place].circuitChange))
  }

  // MARK: Turns

  /// Starts what may start, asks for what is missing, and sets when to look again.
  private mutating func advance(_ place: Int, now: Timestamp) {
    if isDraining { return }
    let turn = lanes[place].takeTurn(now: now, mayStart: !storeHolds, into: &actions)
    attemptsInFlight += turn.started
    if turn.hasEnded { ended.insert(lanes.names[place]) }
    setDeadline(turn.deadline, of: place)
  }

  private mutating func setDeadline(_ deadline: Timestamp?, of place: Int) {
    if lanes.setDeadline(deadline, of: place) { deadlines.set(deadline, for: lanes.names[place]) }
  }

  /// What outlasts their lanes is kept.
  private mutating func dropEnded(now: Timestamp) {
    for name in ended {
      guard let place = lanes.place(of: name) else { continue }
      keepSuspendedTime(absent.keep(lanes[place].standing, of: name, at: now), of: name)
    }
    lanes.remove(ended)
    ended.removeAll()
  }

  // MARK: The configuration

  private mutating func configure(_ destinations: [Destination]) {
    var changed: [Destination] = []
    for destination in destinations where configure(destination) { changed.append(destination) }
    let window = WindowSize.share(ofLanes: destinations.count)
    let names = Set(destinations.map(\.name))
    var removed: [String] = []
    for place in lanes.all.indices {
      lanes[place].resize(window)
      let name = lanes.names[place]
      guard !lanes[place].isRemoved, !names.contains(name) else { continue }
      removed.append(name)
      release(lanes[place].remove())
      setDeadline(nil, of: place)
      lanes.touch(place)
    }
    if !destinations.isEmpty { replaying = nil }
    if !(changed.isEmpty && removed.isEmpty) {
      actions.append(.changeDestinations(changed, removed: removed))
    }
  }

  /// - Returns: Whether the transport is to be told.
  private mutating func configure(_ destination: Destination) -> Bool {
    guard let place = lanes.place(of: destination.name) else {
      // Its window gets its size once all are known.
      let lane = Lane(
        destination: destination, window: .share(ofLanes: 1), standing: absent.take(destination.name),
        isHeld: holds.contains(destination.name),
        mayHaveReplays: replaying.map { $0.contains(destination.name) } ?? true)
      lanes.touch(lanes.add(lane))
      return true
    }
    let known = lanes[place].destination
    let wasRemoved = lanes[place].isRemoved
    guard wasRemoved || known != destination else { return false }
    if lanes[place].reconfigure(destination) { tellCircuit(of: place) }
    lanes.touch(place)
    return wasRemoved || !known.differsAtMostInPause(from: destination)
  }

  private mutating func restored(_ stored: [StoredDestination], now: Timestamp) {
    for one in stored {
      let standing = Standing(pausedUntil: steadyEnd(one.pausedUntil), suspended: one.suspended)
      if let place = lanes.place(of: one.name) {
        lanes[place].restore(standing, hasReplays: one.replaying > 0)
        lanes.touch(place)
      } else {
        if one.replaying > 0 { replaying?.insert(one.name) }
        keepSuspendedTime(absent.keep(standing, of: one.name, at: now), of: one.name)
      }
    }
  }

  private mutating func keepSuspendedTime(_ changed: SuspendedTime?, of name: String) {
    if let changed { actions.append(.keepSuspendedTime(changed, destination: name)) }
  }

  private mutating func wallClockSet(to offset: Duration) {
    let step = offset - wallOffset
    wallOffset = offset
    for place in lanes.all.indices { lanes[place].wallClockStepped(by: step) }
    lanes.touchAll()
    absent.wallClockStepped(by: step)
  }

  /// A pause's end by the steady clock.
  private func steadyEnd(_ wall: Timestamp?) -> Timestamp? {
    wall.map { $0 == .distantFuture ? $0 : $0.advanced(by: .zero - wallOffset) }
  }

  // MARK: People

  private mutating func pause(_ name: String, until: Timestamp?, now: Timestamp) {
    let until = steadyEnd(until)
    if let place = lanes.place(of: name) {
      lanes[place].pause(until: until)
      lanes.touch(place)
    } else {
      keepSuspendedTime(absent.pause(name, until: until, at: now), of: name)
    }
  }

  private mutating func endRetryAfter(_ name: String) {
    guard let place = lanes.place(of: name), !lanes[place].isRemoved else { return }
    if lanes[place].endRetryAfter() { tellCircuit(of: place) }
    freshConnections([name])
    lanes.touch(place)
  }

  /// To those that there are.
  private mutating func freshConnections(_ names: [String]) {
    let known = names.filter { lanes[$0].map { !$0.isRemoved } ?? false }
    if !known.isEmpty { actions.append(.freshConnections(known)) }
  }

  private mutating func hold(_ names: [String], token: Int) {
    var claiming: Set<String> = []
    for name in names {
      holds.add(name)
      guard let place = lanes.place(of: name) else { continue }
      release(lanes[place].hold())
      if lanes[place].isClaiming { claiming.insert(name) }
      lanes.touch(place)
    }
    if claiming.isEmpty {
      actions.append(.held(token: token))
    } else {
      holds.wait(token, for: claiming)
    }
  }

  private mutating func resume(_ names: [String], areRetried: Bool, now: Timestamp) {
    for name in names where areRetried {
      if let place = lanes.place(of: name) { lanes[place].retriedByPerson(at: now) }
    }
    for name in names where holds.remove(name) {
      guard let place = lanes.place(of: name) else { continue }
      lanes[place].resume()
      lanes.touch(place)
    }
  }
}

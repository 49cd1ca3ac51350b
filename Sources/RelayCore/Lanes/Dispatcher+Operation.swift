/// What people, the configuration and a restart do to the lanes.
extension Dispatcher {
  mutating func configure(_ destinations: [Destination]) {
    var changed: [Destination] = []
    for destination in destinations where configure(destination) { changed.append(destination) }
    let window = LaneWindow.share(ofLanes: destinations.count)
    let names = Set(destinations.map(\.name))
    var removed: [String] = []
    for place in lanes.all.indices {
      lanes[place].window = window
      let name = lanes[place].destination.name
      guard !lanes[place].isRemoved, !names.contains(name) else { continue }
      removed.append(name)
      release(lanes[place].remove())
      forgetDeadline(of: name)
      touch(place)
    }
    if !(changed.isEmpty && removed.isEmpty) { actions.append(.changeEndpoints(changed, removed: removed)) }
  }

  /// - Returns: Whether its endpoint is to be told.
  private mutating func configure(_ destination: Destination) -> Bool {
    guard let place = lanes.place(of: destination.name) else {
      touch(lanes.add(newLane(to: destination)))
      return true
    }
    let known = lanes[place].destination
    let wasRemoved = lanes[place].isRemoved
    guard wasRemoved || known != destination else { return false }
    if lanes[place].reconfigure(destination) { circuitChanged(place) }
    touch(place)
    return wasRemoved || !known.hasSameEndpoint(as: destination)
  }

  private mutating func newLane(to destination: Destination) -> Lane {
    let standing = standings.removeValue(forKey: destination.name) ?? Standing()
    // Its window is set once all are known.
    var lane = Lane(destination: destination, window: .share(ofLanes: 1), standing: standing)
    lane.isRecalled = recalls.contains(destination.name)
    return lane
  }

  mutating func restored(_ stored: [StoredDestination], now: Timestamp) {
    for one in stored {
      let standing = Standing(pausedUntil: steadyEnd(one.pausedUntil), suspended: one.suspended)
      if let place = lanes.place(of: one.name) {
        lanes[place].standing = standing
        touch(place)
      } else {
        standings[one.name] = standing
        suspendWithoutLane(one.name, now: now)
      }
    }
  }

  mutating func pause(_ name: String, until: Timestamp?, now: Timestamp) {
    let until = steadyEnd(until)
    if let place = lanes.place(of: name) {
      lanes[place].standing.pausedUntil = until
      touch(place)
    } else {
      standings[name, default: Standing()].pausedUntil = until
      suspendWithoutLane(name, now: now)
    }
  }

  /// A person says that a destination is well.
  mutating func liftHold(_ name: String) {
    guard let place = lanes.place(of: name), !lanes[place].isRemoved else { return }
    if lanes[place].liftHold() { circuitChanged(place) }
    freshConnections([name])
    touch(place)
  }

  /// To those that there are.
  mutating func freshConnections(_ names: [String]) {
    let known = names.filter { lanes[$0].map { !$0.isRemoved } ?? false }
    if !known.isEmpty { actions.append(.freshConnections(known)) }
  }

  /// A pause's end by the steady clock.
  private func steadyEnd(_ wall: Timestamp?) -> Timestamp? {
    wall.map { $0 == .distantFuture ? $0 : $0.advanced(by: .zero - wallOffset) }
  }

  mutating func wallClockSet(to offset: Duration) {
    let step = offset - wallOffset
    wallOffset = offset
    for place in lanes.all.indices {
      lanes[place].wallClockStepped(by: step)
      touch(place)
    }
    for name in standings.keys { standings[name]!.wallClockStepped(by: step) }
  }

  /// Without a lane only a person's pause suspends.
  private mutating func suspendWithoutLane(_ name: String, now: Timestamp) {
    let isPaused = standings[name]!.isPaused(at: now)
    if standings[name]!.suspended.set(isSuspended: isPaused, at: now) {
      actions.append(.note(standings[name]!.suspended, destination: name))
    }
  }

  /// Before a removed destination's lane goes.
  mutating func keepStanding(of name: String, now: Timestamp) {
    standings[name] = lanes[name]?.standing
    suspendWithoutLane(name, now: now)
  }

  mutating func recall(_ names: [String], token: Int) {
    var claiming: Set<String> = []
    for name in names {
      recalls.add(name)
      guard let place = lanes.place(of: name) else { continue }
      release(lanes[place].recall())
      if lanes[place].isClaiming { claiming.insert(name) }
      touch(place)
    }
    if claiming.isEmpty {
      actions.append(.recalled(token: token))
    } else {
      recalls.wait(token, for: claiming)
    }
  }

  mutating func claimsEnded(of name: String) {
    for token in recalls.claimsEnded(of: name) { actions.append(.recalled(token: token)) }
  }

  mutating func readmit(_ names: [String], areRetried: Bool, now: Timestamp) {
    for name in names where areRetried {
      if let place = lanes.place(of: name) { lanes[place].retriedByPerson(at: now) }
    }
    for name in names where recalls.remove(name) {
      guard let place = lanes.place(of: name) else { continue }
      lanes[place].readmit()
      touch(place)
    }
  }

  mutating func circuitChanged(_ place: Int) {
    let change: CircuitChange =
      switch lanes[place].circuit.state {
      case .open: .opened(failure: lanes[place].trouble.lastFailure?.words ?? "")
      case .recovering: .recovering
      case .closed: .closed
      }
    actions.append(.circuitChanged(destination: lanes[place].destination.name, change))
  }
}

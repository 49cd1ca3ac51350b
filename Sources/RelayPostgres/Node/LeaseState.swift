import RelayCore

/// What the second connection does next, and what follows from what it hears. Pure: it is told the time and the answers.
struct LeaseState: Sendable, Equatable {
  enum Step: Sendable, Equatable {
    case beat
    case notify(upTo: Int64)
    /// Until something is heard, it is woken, or so much time has passed.
    case wait(Duration)
    case end
  }

  /// A call has a chance also where the lease is nearly over.
  private static let shortestCall = Duration.milliseconds(100)
  /// The sessions of another node were ended: its locks are free by then, and it is taken over without waiting for the next heartbeat.
  private static let lookAgain = Duration.milliseconds(50)

  private let times: LeaseTimes
  private(set) var lease: Lease
  private(set) var clock = ServerClock()
  private(set) var nodes = LiveNodes()
  /// When that was asked, by the steady clock; nil: not yet.
  private(set) var lookedAt: Timestamp?
  private var sightings = NodeSightings()
  /// Of those that are over: whose sessions were ended, or could not be, and that was told.
  private var fenced: [SlotHolding] = []
  private var gate = MessageGate()
  private var nextBeat: Timestamp?
  /// nil: nobody has tried yet.
  private var isReachable: Bool?
  /// Why there is no way to the server, while there is none.
  private var unreachableReason = ""
  /// Another node has the slot, as the last answer says.
  private var hasLostSlot = false
  private var isOver = false

  init(_ times: LeaseTimes) {
    self.times = times
    lease = Lease(times)
  }

  /// - Returns: What to do; and what to tell of before.
  mutating func next(at now: Timestamp) -> (step: Step, events: [NodeEvent]) {
    guard !isOver else { return (.end, []) }
    let events = lease.look(at: now).map { [NodeEvent($0)] } ?? []
    let untilBeat = nextBeat.map { max(.zero, now.duration(to: $0)) } ?? .zero
    if untilBeat == .zero {
      nextBeat = now.advanced(by: times.heartbeat)
      return (.beat, events)
    }
    guard isReachable == true else {
      return (.wait(min(untilBeat, lease.remaining(at: now) ?? untilBeat)), events)
    }
    if let id = gate.take(at: now) { return (.notify(upTo: id), events) }
    let waits = [untilBeat, gate.delay(at: now), lease.remaining(at: now)].compactMap { $0 }
    return (.wait(waits.min() ?? untilBeat), events)
  }

  /// How long a step's calls may take at most, all together: no longer than the lease lasts, so that its end is noticed while a server does
  /// not answer.
  func limit(_ longest: Duration, at now: Timestamp) -> Duration {
    guard let remaining = lease.remaining(at: now) else { return min(longest, times.length) }
    return min(longest, max(remaining, Self.shortestCall))
  }

  /// This node has stored what goes up to this id.
  ///
  /// - Returns: Whether the thread is to be woken.
  mutating func stored(upTo id: Int64) -> Bool { gate.add(id) }

  /// A heartbeat was answered.
  mutating func beaten(
    _ answer: BeatAnswer, as holding: SlotHolding, sent: ClockReading, received: ClockReading
  ) -> [NodeEvent] {
    var events: [NodeEvent] = isReachable == false ? [.reachable] : []
    isReachable = true
    hasLostSlot = answer.time == nil
    let couldStart = lease.mayStart(at: received.steady)
    if let time = answer.time {
      events += lease.confirm(sentAt: sent.steady, now: received.steady).map(NodeEvent.init)
      switch clock.measure(sent: sent, received: received, server: time) {
      case .off(let ahead): events.append(.clockOff(ahead))
      case .right: events.append(.clockRight)
      case nil: break
      }
    } else {
      events.append(.slotLost(holding))
      if let change = lease.giveUp() { events.append(NodeEvent(change)) }
    }
    if !couldStart && lease.mayStart(at: received.steady) { events.append(.mayStart) }
    look(at: answer.rows, own: holding.slot, sent: sent.steady, received: received.steady, &events)
    events.append(.timeToLook)
    return events
  }

  private mutating func look(
    at rows: [NodeRow], own: Int, sent: Timestamp, received: Timestamp, _ events: inout [NodeEvent]
  ) {
    let rows = sightings.add(rows, sent: sent, received: received)
    let found = LiveNodes(rows, own: own, times: times, judges: lease.judgesOthers(at: received))
    if !found.isSame(as: nodes) { events.append(.nodesChanged(found)) }
    nodes = found
    lookedAt = sent
    fenced.removeAll { one in !found.over.contains { $0.holding == one } }
    // Who is over is found on time, and not with the heartbeat after it.
    if let rest = found.nextOver { beat(by: received.advanced(by: rest)) }
  }

  private mutating func beat(by time: Timestamp) { nextBeat = min(time, nextBeat ?? time) }

  /// Sessions of a node that is over were ended.
  mutating func ended(_ count: Int, of node: SlotHolding, at now: Timestamp) -> [NodeEvent] {
    guard count > 0, !fenced.contains(node) else { return [] }
    fenced.append(node)
    beat(by: now.advanced(by: Self.lookAgain))
    return [.sessionsEnded(node, count: count)]
  }

  /// The server does not end the sessions of a node that is over.
  mutating func couldNotEnd(_ node: SlotHolding, _ reason: String) -> [NodeEvent] {
    guard !fenced.contains(node) else { return [] }
    fenced.append(node)
    return [.notEnded(node, reason: reason)]
  }

  /// The connection is lost, or could not be made.
  mutating func failed(_ reason: String, at now: Timestamp) -> [NodeEvent] {
    defer { isReachable = false }
    unreachableReason = reason
    // The next connection may lead to another server.
    clock.forget()
    lease.disconnect()
    // It is made again at once, and once that fails, with each heartbeat.
    if isReachable == true { nextBeat = now }
    let lost = lease.look(at: now).map { [NodeEvent($0)] } ?? []
    return (isReachable == false ? [] : [.unreachable(reason)]) + lost
  }

  /// The node ends, or has lost what it had: from now on nothing starts, also where a heartbeat is confirmed yet.
  mutating func end() { isOver = true }

  /// Whether an attempt may start.
  func mayStart(at now: Timestamp) -> Bool { !isOver && lease.mayStart(at: now) }

  /// Why none may; nil: one may.
  func startLack(at now: Timestamp) -> StartLack? {
    guard !mayStart(at: now) else { return nil }
    if isOver || hasLostSlot { return .placeLost }
    return isReachable == false
      ? .unreachable(since: lease.lastConfirmed, reason: unreachableReason)
      : .unconfirmed(since: lease.lastConfirmed)
  }
}

extension NodeEvent {
  init(_ change: Lease.Change) {
    switch change {
    case .held: self = .leaseHeld
    case .lost: self = .leaseLost
    }
  }
}

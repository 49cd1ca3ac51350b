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

  private let times: LeaseTimes
  private(set) var lease: Lease
  private(set) var clock = ServerClock()
  private(set) var nodes = LiveNodes()
  private var gate = MessageGate()
  private var nextBeat: Timestamp?
  /// nil: nobody has tried yet.
  private var isReachable: Bool?
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

  /// How long a call may take at most: no longer than the lease lasts, so that its end is noticed while a server does not answer.
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
    let found = LiveNodes(
      answer.rows, own: holding.slot, length: times.length,
      judges: lease.judgesOthers(at: received.steady))
    if !found.isSame(as: nodes) { events.append(.nodesChanged(found)) }
    nodes = found
    events.append(.timeToLook)
    return events
  }

  /// The connection is lost, or could not be made.
  mutating func failed(_ reason: String, at now: Timestamp) -> [NodeEvent] {
    defer { isReachable = false }
    // The next connection may lead to another server.
    clock.forget()
    let lost = lease.look(at: now).map { [NodeEvent($0)] } ?? []
    return (isReachable == false ? [] : [.unreachable(reason)]) + lost
  }

  mutating func end() { isOver = true }
}

extension NodeEvent {
  init(_ change: Lease.Change) {
    switch change {
    case .held: self = .leaseHeld
    case .lost: self = .leaseLost
    }
  }
}

extension Lane {
  /// A request that may be sent now: its deliveries are in flight.
  struct Start: Sendable {
    var first: Delivery
    /// What a batch holds besides, in order.
    var others: [Delivery] = []
    /// What came with them from the store and has no room: it goes back.
    var left: [DeliveryID] = []
  }

  /// An attempt that has ended.
  struct Ended: Sendable {
    var delivery: Delivery
    var settlement: Settlement
    var isProbe: Bool
    /// Whether the circuit is in another state now.
    var changesCircuit: Bool
    /// What a batch held besides.
    var others: [(delivery: Delivery, settlement: Settlement)] = []
  }

  /// What a lane's turn came to, beside the actions.
  struct Turn: Sendable {
    /// How many requests are to be sent.
    var started = 0
    /// When to look at it again without an input; nil: not before one comes.
    var deadline: Timestamp?
    /// It has been removed, and has nothing left to do.
    var hasEnded = false
  }

  /// How many of what replays have queued start in a turn: what is live elsewhere waits for its end.
  static let maxReplaysOfTurn = 16

  /// Starts what may start, and asks for what is missing: all of a turn in one call, since a lane is a large value.
  mutating func takeTurn(now: Timestamp, mayStart: Bool, into actions: inout [Dispatcher.Action]) -> Turn {
    guard !isRemoved else { return Turn(hasEnded: isQuiet) }
    if advance(to: now) {
      actions.append(.keepSuspendedTime(standing.suspended, destination: destination.name))
    }
    var turn = Turn()
    var replays = 0
    while mayStart, replays < Self.maxReplaysOfTurn, let start = nextAttempt(now: now) {
      turn.started += 1
      if start.first.queue == .replay { replays += 1 + start.others.count }
      if !start.left.isEmpty { actions.append(.release(start.left)) }
      actions.append(start.others.isEmpty ? .attempt(start.first) : .batch([start.first] + start.others))
    }
    noteSlots(at: now, mayStart: mayStart)
    while let claim = nextClaim(now: now) { actions.append(.claim(claim)) }
    turn.deadline = deadline(now: now, mayStart: mayStart)
    return turn
  }
}

extension Dispatcher {
  /// What has happened, in the order in which it did. What a store's completion brings comes in the store's order.
  package enum Input: Sendable {
    /// The destinations that there are from now on.
    case configure([Destination])
    /// What the store has kept of destinations over a restart: once, before the first `configure` or right after it. And what others have
    /// left of those that they have served since.
    case restored([StoredDestination])
    /// Committed just now, and claimed.
    case arrived([Delivery])
    /// Their turn in their order key has come; claimed.
    case promoted([Delivery])
    case claimed(Claim)
    case finished(FinishedAttempt)
    case settled([Settled])
    /// A replay has queued deliveries for these destinations.
    case replayQueued([String])
    /// Other relays over the same store have stored deliveries for these destinations.
    case storedByOthers([String])
    /// Another relay has served these destinations, or does so from now on: what was found out about them counts no longer.
    case changedHands([String])
    /// These destinations' lanes give up what is not in flight, and take nothing, until they are resumed as often as held.
    /// Answered by `held` with the token.
    case hold([String], token: Int)
    /// - Parameter areRetried: A person has retried deliveries of them.
    case resume([String], areRetried: Bool = false)
    /// The wall clock is this much ahead of the steady one. Comes before what else is told of this turn.
    case wallClock(offset: Duration)
    /// A person pauses a destination until a time of the wall clock, or (nil) lifts the pause; `distantFuture`: until it
    /// is lifted.
    case pause(String, until: Timestamp?)
    /// A person says that a destination is well: what it asked for with `Retry-After` counts no longer, and a probe is
    /// due.
    case endRetryAfter(String)
    /// Further attempts to these destinations begin on new connections.
    case freshConnections([String])
    /// Whether the store can't commit outcomes: no attempt starts meanwhile.
    case storeHolds(Bool)
    /// No more attempts start.
    case drain
  }

  /// What is to be done.
  package enum Action: Sendable, Equatable {
    case attempt(Delivery)
    /// One attempt of several, in their order: it is known by the first.
    case batch([Delivery])
    case settle(Settlement, of: Delivery, isProbe: Bool)
    /// Another one that was in the attempt of the next `settle`.
    case settleCompanion(Settlement, of: Delivery)
    case claim(ClaimRequest)
    case release([DeliveryID])
    case changeDestinations([Destination], removed: [String])
    /// Their connections get no more requests; those under way finish.
    case freshConnections([String])
    /// Nothing of the held destinations is claimed but what is in flight.
    case held(token: Int)
    /// The store is to keep how long the destination has been left alone: it changed.
    case keepSuspendedTime(SuspendedTime, destination: String)
    case circuitChanged(destination: String, CircuitChange)
  }

  /// An outcome that is on disk.
  package struct Settled: Sendable, Equatable {
    package var destination: String
    package var queue: DeliveryQueue
    package var outcome: Settlement.Outcome

    package init(destination: String, queue: DeliveryQueue = .live, outcome: Settlement.Outcome) {
      self.destination = destination
      self.queue = queue
      self.outcome = outcome
    }
  }
}

extension Delivery: Equatable {
  package static func == (a: Delivery, b: Delivery) -> Bool { a.id == b.id && a.attempts == b.attempts }
}

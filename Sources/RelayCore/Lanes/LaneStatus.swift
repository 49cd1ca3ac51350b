/// How a lane is, for people and for metrics. Its times are the steady clock's; the relay's middle turns them into what the
/// wall clock shows before it tells anybody (`shown(by:)`).
package struct LaneStatus: Sendable, Equatable {
  /// The destination's name.
  package var name: String
  /// By a person or by the configuration.
  package var isPaused: Bool
  /// When a person's pause ends; `distantFuture`: when it is lifted.
  package var pausedUntil: Timestamp?
  /// Since when it has been paused, over restarts; nil: it is not.
  package var pausedSince: Timestamp?
  package var circuit: Circuit.State
  /// Since when the circuit has been recovering; nil: it is not.
  package var recoveringSince: Timestamp?
  /// While the circuit is open: from when on something is tried again; nil: a probe is under way.
  package var nextProbe: Timestamp?
  /// `Retry-After`: nothing is attempted before.
  package var heldUntil: Timestamp?
  /// Its `rate` lets nothing start now.
  package var isRateUsedUp = false
  /// Until then what is there waits for others that would fill its batch; nil: it does not.
  package var batchUntil: Timestamp?
  package var inFlight: Set<DeliveryID>
  /// What came of the last attempt that failed by the destination's fault.
  package var lastFailure: String?
  /// Since when every attempt has failed; nil: the last one succeeded, or a few events alone are to blame.
  package var failingSince: Timestamp?
  /// How many attempts have failed since one succeeded.
  package var failures = 0
  /// Where an order is kept: the delivery that fails, and lets no other pass.
  package var stuckHead: StuckHead?
  /// Kinds that it refuses while it takes others: those that failed last, at most `maxRefusedKinds`.
  package var refusedKinds: [RefusedKind] = []
  /// All of them.
  package var refusedKindCount = 0
  /// What came of its attempts lately.
  package var attempts = AttemptHistory()
  /// How its slots were in the last minute; nil: none was wanted in vain, or it is unknown.
  package var concurrencyLimit: ConcurrencyLimit.Reading?
  /// New deliveries in a second, lately; nil: unknown.
  package var arriving: Double?
  /// Deliveries settled in a second, lately; nil: unknown.
  package var pace: Double?
  /// The destination is no longer configured; what is in flight has yet to end.
  package var isRemoved: Bool

  /// How many refused kinds are named.
  package static let maxRefusedKinds = 10

  package init(
    name: String, isPaused: Bool = false, pausedUntil: Timestamp? = nil, circuit: Circuit.State = .closed,
    heldUntil: Timestamp? = nil, inFlight: Set<DeliveryID> = [], lastFailure: String? = nil,
    pace: Double? = nil, isRemoved: Bool = false
  ) {
    self.name = name
    self.isPaused = isPaused
    self.pausedUntil = pausedUntil
    self.circuit = circuit
    self.heldUntil = heldUntil
    self.inFlight = inFlight
    self.lastFailure = lastFailure
    self.pace = pace
    self.isRemoved = isRemoved
  }
}

/// A kind that a destination refuses while it takes others.
package struct RefusedKind: Sendable, Equatable {
  package var kind: EventKind
  /// When one of it failed first.
  package var since: Timestamp
  package var lastFailed: Timestamp

  package init(kind: EventKind, since: Timestamp, lastFailed: Timestamp) {
    self.kind = kind
    self.since = since
    self.lastFailed = lastFailed
  }
}

extension AttemptResult.Response {
  /// In few words: the status, or what went wrong.
  package var words: String {
    switch self {
    case .status(let code, _, _): "status \(code)"
    case .failure(let failure): "\(failure)"
    }
  }
}

/// How many deliveries a lane settles in a second, over the last 15 to 30 seconds.
struct Pace: Sendable, Equatable {
  private static let window = Duration.seconds(15)
  private static let twoWindows = Duration.seconds(30)
  /// Shorter times than this say nothing.
  private static let least = Duration.seconds(1)

  /// When the window that is being counted began.
  private var began = Timestamp.epoch
  private var count = 0
  /// How many were settled in the whole window before it; nil: none.
  private var previous: Int?

  mutating func add(at now: Timestamp) {
    let elapsed = began.duration(to: now)
    if elapsed >= Self.twoWindows || elapsed < .zero {
      // A rest is no part of the pace.
      previous = nil
      count = 0
      began = now
    } else if elapsed >= Self.window {
      previous = count
      count = 0
      began = began.advanced(by: Self.window)
    }
    count += 1
  }

  /// nil: nothing was settled lately.
  func perSecond(at now: Timestamp) -> Double? {
    let elapsed = began.duration(to: now)
    guard count > 0, elapsed < Self.twoWindows, elapsed >= .zero else { return nil }
    let before = elapsed < Self.window ? previous : nil
    let time = before == nil ? max(elapsed, Self.least) : elapsed + Self.window
    return Double(count + (before ?? 0)) / time.inSeconds
  }
}

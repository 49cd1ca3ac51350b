/// How a lane is, for people and for metrics. Its times are the steady clock's; the relay's middle turns them into what the
/// wall clock shows before it tells anybody (`shown(by:)`).
public struct LaneStatus: Sendable, Equatable {
  /// The destination's name.
  public var name: String
  /// By a person or by the configuration.
  public var isPaused: Bool
  /// Of a person's pause; `distantFuture`: until it is lifted.
  public var pausedUntil: Timestamp?
  public var circuit: Circuit.State
  /// `Retry-After`: nothing is attempted before.
  public var heldUntil: Timestamp?
  public var inFlight: Set<DeliveryID>
  /// What came of the last attempt that failed by the destination's fault.
  public var lastFailure: String?
  /// Since when every attempt has failed; nil: the last one succeeded, or a few events alone are to blame.
  public var failingSince: Timestamp?
  /// How many attempts have failed since one succeeded.
  public var failures = 0
  /// Where an order is kept: the delivery that fails, and lets no other pass.
  public var stuckHead: StuckHead?
  /// Kinds that it refuses while it takes others: those that failed last, at most `maxRefusedKinds`.
  public var refusedKinds: [RefusedKind] = []
  /// All of them.
  public var refusedKindCount = 0
  /// Deliveries settled in a second, lately; nil: unknown.
  public var pace: Double?
  /// The destination is no longer configured; what is in flight has yet to end.
  public var isRemoved: Bool

  /// So many refused kinds are named.
  public static let maxRefusedKinds = 10

  public init(
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
public struct RefusedKind: Sendable, Equatable {
  public var kind: EventKind
  /// When one of it failed first.
  public var since: Timestamp
  public var lastFailed: Timestamp

  public init(kind: EventKind, since: Timestamp, lastFailed: Timestamp) {
    self.kind = kind
    self.since = since
    self.lastFailed = lastFailed
  }
}

extension Lane {
  func status(at now: Timestamp) -> LaneStatus {
    var status = LaneStatus(
      name: destination.name, isPaused: isPaused(at: now),
      pausedUntil: standing.isPaused(at: now) ? standing.pausedUntil : nil, circuit: circuit.state,
      heldUntil: heldUntil.flatMap { now < $0 ? $0 : nil }, inFlight: Set(inFlight.keys),
      lastFailure: trouble.lastFailure?.words, pace: pace.perSecond(at: now), isRemoved: isRemoved)
    status.failures = trouble.failures
    if trouble.isDestinations || trouble.failures >= destination.circuit.failures {
      status.failingSince = trouble.since
    }
    status.stuckHead = trouble.head
    status.refusedKinds = circuit.refused.marks
      .map { RefusedKind(kind: $0, since: $1.since, lastFailed: $1.lastFailed) }
      .sorted { $0.lastFailed > $1.lastFailed }
      .prefix(LaneStatus.maxRefusedKinds).map(\.self)
    status.refusedKindCount = circuit.refused.count
    return status
  }
}

extension AttemptResult.Response {
  /// In few words: the status, or what went wrong.
  public var words: String {
    switch self {
    case .status(let code, _, _): "status \(code)"
    case .failure(let failure): "\(failure)"
    }
  }
}

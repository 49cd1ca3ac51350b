/// How a lane is, for people and for metrics. Its times are the steady clock's; the relay's middle turns them into what the
/// wall clock shows before it tells anybody (`shown(by:)`).
package struct LaneStatus: Sendable, Equatable {
  /// The destination's name.
  package var name: String
  /// By a person or by the configuration.
  package var isPaused: Bool
  /// Of a person's pause; `distantFuture`: until it is lifted.
  package var pausedUntil: Timestamp?
  package var circuit: Circuit.State
  /// `Retry-After`: nothing is attempted before.
  package var heldUntil: Timestamp?
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
  /// Deliveries settled in a second, lately; nil: unknown.
  package var pace: Double?
  /// The destination is no longer configured; what is in flight has yet to end.
  package var isRemoved: Bool

  /// So many refused kinds are named.
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
  package var words: String {
    switch self {
    case .status(let code, _, _): "status \(code)"
    case .failure(let failure): "\(failure)"
    }
  }
}

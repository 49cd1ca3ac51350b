/// How a lane is, for people and for metrics.
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
  /// Deliveries settled in a second, lately; nil: unknown.
  public var pace: Double?
  /// The destination is no longer configured; what is in flight has yet to end.
  public var isRemoved: Bool

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

extension Lane {
  func status(at now: Timestamp) -> LaneStatus {
    LaneStatus(
      name: destination.name, isPaused: isPaused(at: now),
      pausedUntil: standing.isPaused(at: now) ? standing.pausedUntil : nil, circuit: circuit.state,
      heldUntil: heldUntil.flatMap { now < $0 ? $0 : nil }, inFlight: Set(inFlight.keys),
      lastFailure: lastFailure?.words, pace: pace.perSecond(at: now), isRemoved: isRemoved)
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

/// What a person wants done.
public enum DeliveryChange: Sendable, Equatable {
  /// Dead ones become pending again, at their old place; the limits count anew, from `at`.
  case retry(at: Timestamp)
  /// Pending and dead ones are given up.
  case discard
}

/// Which deliveries.
public enum DeliverySelection: Sendable, Equatable {
  case ids([DeliveryID])
  case filter(DeliveryFilter)
}

/// Every condition that is given must hold.
public struct DeliveryFilter: Sendable, Equatable {
  /// What users are told of `DeliveryState`.
  public enum State: String, Sendable, Hashable, CaseIterable {
    case pending, delivered, dead, discarded
  }

  public var state: State?
  public var destination: String?
  /// The event's type; without case, as everywhere.
  public var type: String?
  /// Events received at or after this.
  public var since: Timestamp?
  /// Events received before this.
  public var until: Timestamp?

  public init(
    state: State? = nil, destination: String? = nil, type: String? = nil, since: Timestamp? = nil,
    until: Timestamp? = nil
  ) {
    self.state = state
    self.destination = destination
    self.type = type
    self.since = since
    self.until = until
  }
}

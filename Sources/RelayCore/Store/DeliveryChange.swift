/// What a person wants done.
package enum DeliveryChange: Sendable, Equatable {
  /// Dead and discarded ones become pending again, at their old place; the limits count anew, from `at`. A filter
  /// without a state means dead ones alone. What was discarded stays so where its destination's `max_backlog` has no
  /// room for it.
  case retry(at: Timestamp)
  /// Pending and dead ones are given up.
  case discard
  /// The same, because what their events say is to be erased.
  case cancelForErasure
}

/// How many deliveries a wish met.
package struct ChangedDeliveries: Sendable, Equatable {
  /// Those that were changed.
  package var changed = 0
  /// Those that a retry would have made pending, if what their events said had not been erased. Counted on the way: what is
  /// discarded stands in no index, and a walk of its own would go along all there is once more.
  package var erased = 0

  package init(changed: Int = 0, erased: Int = 0) {
    self.changed = changed
    self.erased = erased
  }

  package static func += (a: inout ChangedDeliveries, b: ChangedDeliveries) {
    a.changed += b.changed
    a.erased += b.erased
  }
}

/// Which deliveries.
package enum DeliverySelection: Sendable, Equatable {
  case ids([DeliveryID])
  /// The pending ones that this replay has queued.
  case replay(Int)
  case filter(DeliveryFilter)
}

/// Every condition that is given must hold.
package struct DeliveryFilter: Sendable, Equatable {
  /// What users are told of `DeliveryState`.
  package enum State: String, Sendable, Hashable, CaseIterable {
    case pending, delivered, dead
    /// For whatever reason.
    case discarded
    /// Those of the discarded ones that came while their destination was over its `max_backlog`.
    case overflowed
  }

  package var state: State?
  package var destination: String?
  /// The event's type; without case, as everywhere.
  package var type: String?
  /// Events received at or after this.
  package var since: Timestamp?
  /// Events received before this.
  package var until: Timestamp?
  /// Dead ones that were given up for one of these; empty: whatever became of them.
  package var deathReasons: [DeathReason] = []
  /// Those whose last attempt was answered so: any one will do; empty: however it was.
  package var statuses: [StatusTest] = []

  package init(
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

extension DeliveryFilter {
  /// The conditions on how its last attempt ended.
  ///
  /// - Parameter reason: Of a dead one.
  package func holds(_ reason: DeathReason?, _ status: Int?, wasAttempted: Bool) -> Bool {
    (deathReasons.isEmpty || (reason.map(deathReasons.contains) ?? false))
      && (statuses.isEmpty || statuses.contains { $0.holds(status, wasAttempted: wasAttempted) })
  }
}

extension DeliveryFilter.State {
  /// - Parameter reason: Of a discarded one.
  package func holds(_ state: DeliveryState, discarded reason: DiscardReason?) -> Bool {
    switch self {
    case .pending: state.isPending
    case .delivered: state == .delivered
    case .dead: state == .dead
    case .discarded: state == .discarded
    case .overflowed: state == .discarded && reason == .overflow
    }
  }
}

import RelayCore

/// What is to be known of a delivery to count it.
package struct PlaceRow {
  package var id: DeliveryID
  package var destination: String
  package var state: DeliveryState
  /// Why it is dead, or was discarded: `DeathReason` and `DiscardReason` share the column.
  package var storedReason: Int?
  package var type: String
  /// By the relay's own clock.
  package var received: Timestamp
  package var isErased: Bool
  package var wasAttempted: Bool
  /// The last attempt's; nil: it was not answered.
  package var lastStatus: Int?
  /// Why it was not.
  package var lastError: String?

  package init(
    id: DeliveryID, destination: String, state: DeliveryState, storedReason: Int?, type: String,
    received: Timestamp,
    isErased: Bool, wasAttempted: Bool, lastStatus: Int?, lastError: String?
  ) {
    self.id = id
    self.destination = destination
    self.state = state
    self.storedReason = storedReason
    self.type = type
    self.received = received
    self.isErased = isErased
    self.wasAttempted = wasAttempted
    self.lastStatus = lastStatus
    self.lastError = lastError
  }

  /// Of a discarded one.
  package var reason: DiscardReason? { storedReason.flatMap(DiscardReason.init) }
  /// Of a dead one.
  package var deathReason: DeathReason? { storedReason.flatMap(DeathReason.init) }

  package var kind: DeliveryGroups.Kind {
    DeliveryGroups.Kind(
      destination: destination, type: type, state: DeliveryFilter.State(state, discarded: reason),
      reason: deathReason?.description ?? reason?.description,
      status: wasAttempted ? lastStatus.map { .status($0) } ?? .noAnswer : .noAttempt)
  }

  package var place: DeliveryPlace {
    DeliveryPlace(
      id: id, destination: destination, state: DeliveryFilter.State(state, discarded: reason),
      isErased: isErased)
  }
}

extension DeliveryFilter {
  package func holds(_ delivery: DeliveryRecord) -> Bool {
    state?.holds(delivery.state, discarded: delivery.discardReason) ?? true
      && holds(delivery.destination, delivery.type, receivedAt: delivery.receivedAt)
      && holds(
        delivery.deathReason, delivery.lastAttempt?.status, wasAttempted: delivery.lastAttempt != nil)
  }

  package func holds(_ row: PlaceRow, _ history: ClockHistory) -> Bool {
    state?.holds(row.state, discarded: row.reason) ?? true
      && holds(row.destination, row.type, receivedAt: history.wall(at: row.received))
      && holds(row.deathReason, row.lastStatus, wasAttempted: row.wasAttempted)
  }

  private func holds(_ destination: String, _ type: String, receivedAt: Timestamp) -> Bool {
    self.destination ?? destination == destination
      && self.type.map { $0.equalsIgnoringASCIICase(type) } ?? true
      && since.map { $0 <= receivedAt } ?? true && until.map { receivedAt < $0 } ?? true
  }
}

extension DeliveryFilter.State {
  /// - Parameter reason: Of a discarded one.
  package init(_ state: DeliveryState, discarded reason: DiscardReason?) {
    switch state {
    case .fresh, .retrying, .waiting: self = .pending
    case .delivered: self = .delivered
    case .dead: self = .dead
    case .discarded: self = reason == .overflow ? .overflowed : .discarded
    }
  }
}

import RelayCore
import RelayText

/// What a person wants done, of which deliveries of one destination: a pure value.
package struct ChangeWish: Sendable {
  /// Which deliveries are looked at, in order of arrival.
  package enum Walk: Sendable, Equatable {
    case pending, dead
    /// Both.
    case open
    /// What replays have queued, and is pending.
    case replays
    /// What is delivered or discarded, of which those that are in this state are meant.
    case settled(DeliveryFilter.State)
    /// These, the lowest first.
    case ids([DeliveryID])
    /// Nothing can fit.
    case none
  }

  package let change: DeliveryChange
  package let selection: DeliverySelection
  package let destination: String

  package init(_ change: DeliveryChange, _ selection: DeliverySelection, of destination: String) {
    self.change = change
    self.selection = selection
    self.destination = destination
  }

  package var walk: Walk {
    switch selection {
    case .ids(let ids): return .ids(ids.sorted())
    case .replay: return .replays
    case .filter(let filter):
      if let destination = filter.destination, destination != self.destination { return .none }
      switch (change, filter.state) {
      case (.retry, .discarded?), (.retry, .overflowed?): return .settled(filter.state!)
      case (.retry, nil), (.retry, .dead), (.discard, .dead), (.cancelForErasure, .dead): return .dead
      case (.discard, nil), (.cancelForErasure, nil): return .open
      case (.discard, .pending), (.cancelForErasure, .pending): return .pending
      case (.retry, .pending), (_, .delivered), (_, .discarded), (_, .overflowed): return .none
      }
    }
  }

  /// What is in somebody's hands is left as it is.
  ///
  /// - Parameters:
  ///   - isClaimed: The store knows who has it.
  ///   - history: What the wall clock has shown.
  package func applies(
    to delivery: ChangeableDelivery, isClaimed: @autoclosure () -> Bool,
    history: @autoclosure () -> ClockHistory
  ) -> Bool {
    switch change {
    case .retry:
      guard delivery.state == .dead || delivery.state == .discarded else { return false }
    case .discard, .cancelForErasure:
      guard delivery.state == .dead || delivery.state.isPending && !isClaimed() else { return false }
    }
    switch selection {
    case .ids: return true
    case .replay(let run): return delivery.run == run && delivery.state.isPending
    case .filter(let filter): return holds(filter, for: delivery, history)
    }
  }

  private func holds(
    _ filter: DeliveryFilter, for delivery: ChangeableDelivery, _ history: () -> ClockHistory
  ) -> Bool {
    if let destination = filter.destination, destination != self.destination { return false }
    if let type = filter.type, !delivery.type.equalsIgnoringASCIICase(type) { return false }
    guard filter.holds(delivery.deathReason, delivery.lastStatus, wasAttempted: delivery.wasAttempted) else {
      return false
    }
    guard filter.since != nil || filter.until != nil else { return true }
    let received = history().wall(at: delivery.receivedAt)
    if let since = filter.since, received < since { return false }
    if let until = filter.until, received >= until { return false }
    return true
  }
}

import RelayCore
import RelayStoring

/// Removes what may go, in one step of the pruner, within its transaction. Confined to the store's thread.
struct EventRemover {
  /// What became of an event that a walk has come to.
  enum Removal {
    case removed
    /// Removed before: its first entry took the others along.
    case gone
    /// A delivery is pending or dead. Once it is settled, its own entry leads here again.
    case held
    /// Not old enough yet. It was settled then, and may be awaited: an entry leads here when it is old.
    case young(settled: Timestamp, isAwaited: Bool)
    /// It would go, were it not the newest.
    case newest
  }

  private let statements: PrunerStatements
  private let cutoffs: PruneCutoffs
  private let newest: NewestRows

  init(_ statements: PrunerStatements, _ cutoffs: PruneCutoffs, newest: NewestRows) {
    self.statements = statements
    self.cutoffs = cutoffs
    self.newest = newest
  }

  /// Whether a time is yet to come, so that it tells nothing of what stands behind it.
  func isAhead(_ time: Timestamp) -> Bool { time > cutoffs.now }

  func isNewest(_ event: EventRowID) -> Bool { newest.holds(event: event) }

  /// Removes the event if it may go, with its deliveries; and its envelope, if that was its last event.
  ///
  /// - Parameter childless: How far the walk along the envelopes has come: it has passed this event's envelope, if that has
  ///   events yet, and does not come again.
  func remove(
    _ event: EventRowID, childless: EnvelopeRowID, _ budget: inout StepBudget
  ) throws(StoreError) -> Removal {
    budget.spend(rows: 1)
    guard let deliveries = try statements.settledDeliveries(of: event) else { return .held }
    guard let envelope = try statements.envelope(of: event) else { return .gone }
    let settled = deliveries.map(\.settled).max() ?? envelope.received
    guard settled <= cutoffs.events else {
      let isAwaited = deliveries.contains { $0.settled == settled && $0.hasEntry }
      return .young(settled: settled, isAwaited: isAwaited)
    }
    guard !isNewest(event) else { return .newest }
    for delivery in deliveries { try statements.delete(delivery.id) }
    try statements.delete(event)
    budget.spend(eventOf: envelope.bodyBytes, deliveries: deliveries.count)
    if !envelope.hasHash || envelope.id <= childless || isForgettable(envelope) {
      try removeIfEmpty(envelope)
    }
    return .removed
  }

  /// Whether nobody needs its hash any more, nor that of any envelope before it.
  func isForgettable(_ envelope: EnvelopeRow) -> Bool {
    envelope.received <= cutoffs.envelopes
      || envelope.id <= newest.envelope.advanced(by: -Pruner.recognizedEnvelopes)
  }

  /// Removes the envelope if it has lost all its events. The newest one has not, as long as the newest event is its.
  func removeIfEmpty(_ envelope: EnvelopeRow) throws(StoreError) {
    if try !statements.hasEvents(envelope) { try statements.delete(envelope.id) }
  }
}

@available(*, unavailable)
extension EventRemover: Sendable {}

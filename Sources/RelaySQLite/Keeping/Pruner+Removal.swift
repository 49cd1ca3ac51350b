import RelayCore

extension Pruner {
  /// What became of an event that a walk has come to.
  enum Removal {
    case removed
    /// Removed before: its first entry took the others along.
    case gone
    /// A delivery is pending or dead. Once it is settled, its own entry leads here again.
    case held
    /// Not old enough yet.
    case young
    /// It would go, were it not the newest.
    case newest
  }

  /// Removes the event if it may go. The walk does not come back to it: what it would miss is remembered.
  func take(_ event: Int64, _ cutoffs: PruneCutoffs, _ budget: inout StepBudget) throws(StoreError) {
    if try remove(event, cutoffs, &budget) == .newest { position.spared.insert(event) }
  }

  func remove(
    _ event: Int64, _ cutoffs: PruneCutoffs, _ budget: inout StepBudget
  ) throws(StoreError) -> Removal {
    budget.spend(rows: 1)
    var deliveries: [Int64] = []
    var lastSettled: Timestamp?
    let query = statements.deliveriesOfEvent
    query.bind(1, event)
    while try query.step() {
      guard
        DeliveryState(rawValue: Int(query.integer(1))).map({ $0 == .delivered || $0 == .discarded }) ?? false
      else {
        query.reset()
        return .held
      }
      deliveries.append(query.integer(0))
      lastSettled = max(lastSettled ?? .epoch, Timestamp(microseconds: query.integer(2)))
    }
    guard let envelope = try statements.envelope(statements.envelopeOfEvent, event) else { return .gone }
    guard lastSettled ?? envelope.received <= cutoffs.events else { return .young }
    guard !newest.holds(event: event) else { return .newest }
    for delivery in deliveries {
      try statements.run(statements.deleteFailures, delivery)
      try statements.run(statements.deleteDelivery, delivery)
    }
    try statements.run(statements.deleteEvent, event)
    budget.spend(eventOf: envelope.bodyBytes, deliveries: deliveries.count)
    if !envelope.hasHash || isForgettable(envelope, cutoffs) { try removeEnvelope(envelope) }
    return .removed
  }

  /// Whether nobody needs its hash any more, nor that of any envelope before it.
  func isForgettable(_ envelope: EnvelopeRow, _ cutoffs: PruneCutoffs) -> Bool {
    envelope.received <= cutoffs.envelopes || envelope.id <= newest.envelope - Self.recognizedEnvelopes
      || envelope.id <= position.childless
  }

  /// Removes the envelope if it has lost all its events. The newest one has not, as long as the newest event is its.
  func removeEnvelope(_ envelope: EnvelopeRow) throws(StoreError) {
    let events = try statements.events(from: envelope.firstEvent, through: envelope.lastEvent, limit: 1)
    if events.isEmpty { try statements.run(statements.deleteEnvelope, envelope.id) }
  }
}

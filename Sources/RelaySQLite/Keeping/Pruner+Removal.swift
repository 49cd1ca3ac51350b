import RelayCore

extension Pruner {
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

  /// Removes the event if it may go; the walk along the events has come to it.
  ///
  /// - Returns: Whether the walk may pass it: then something will lead to it again, if it has not gone.
  func pass(
    _ event: ArrivedEvent, _ cutoffs: PruneCutoffs, _ budget: inout StepBudget
  ) throws(StoreError) -> Bool {
    switch try remove(event.row, cutoffs, &budget) {
    case .removed, .gone, .held, .young(settled: _, isAwaited: true): break
    case .newest: position.spared.insert(event.row)
    case .young(let settled, isAwaited: false):
      // Those behind it are younger, or a minute older at most. But a time that is yet to come tells nothing of them.
      guard settled > cutoffs.now else {
        position.stop = settled
        return false
      }
      position.comeAgain(event.row, settled: settled)
    }
    position.event = event.row
    position.delivery = max(position.delivery, event.lastDelivery ?? 0)
    return true
  }

  /// Removes the event if it may go; an entry has led to it.
  func revisit(_ event: Int64, _ cutoffs: PruneCutoffs, _ budget: inout StepBudget) throws(StoreError) {
    switch try remove(event, cutoffs, &budget) {
    case .newest: position.spared.insert(event)
    // It was settled last by a clock that was ahead of the one which has made the last entry.
    case .young(let settled, isAwaited: false) where event <= position.event:
      position.comeAgain(event, settled: settled)
    case .removed, .gone, .held, .young: break
    }
  }

  func remove(
    _ event: Int64, _ cutoffs: PruneCutoffs, _ budget: inout StepBudget
  ) throws(StoreError) -> Removal {
    budget.spend(rows: 1)
    var deliveries: [Int64] = []
    var lastSettled: Timestamp?
    var isAwaited = false
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
      let settled = Timestamp(microseconds: query.integer(2))
      let leadsHere = query.integer(3) != 0
      if lastSettled.map({ settled > $0 }) ?? true {
        (lastSettled, isAwaited) = (settled, leadsHere)
      } else if settled == lastSettled && leadsHere {
        isAwaited = true
      }
    }
    guard let envelope = try statements.envelope(statements.envelopeOfEvent, event) else { return .gone }
    let settled = lastSettled ?? envelope.received
    guard settled <= cutoffs.events else { return .young(settled: settled, isAwaited: isAwaited) }
    guard !newest.holds(event: event) else { return .newest }
    for delivery in deliveries {
      try statements.run(statements.deleteFailures, delivery)
      try statements.run(statements.deleteDelivery, delivery)
    }
    try statements.run(statements.deleteStraggler, event)
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
    if try !statements.hasEvents(envelope) { try statements.run(statements.deleteEnvelope, envelope.id) }
  }
}

import RelayCore

extension DeliveryWait {
  /// What a stored delivery waits for, seen together with its lane.
  ///
  /// - Parameter lane: nil: its destination is not configured.
  init?(
    _ record: DeliveryRecord, lane: LaneStatus?, destination: Destination?, storeHolds: Bool, now: Timestamp
  ) {
    guard record.state.isPending else { return nil }
    guard let lane, let destination else {
      self = .orphaned
      return
    }
    if lane.inFlight.contains(record.id) {
      self = .inFlight
    } else if lane.isPaused {
      let end = lane.pausedUntil.flatMap { $0 == .distantFuture ? nil : $0 }
      self = .paused(until: end, at: destination.pausedAt)
    } else if record.state == .waiting {
      self = .order(record.waitsFor)
    } else if case .open(let since) = lane.circuit {
      self = .circuit(openSince: since, lastFailure: lane.lastFailure)
    } else if let held = lane.heldUntil, held > now {
      self = .held(until: held)
    } else if let due = record.due, due > now {
      self = .retry(at: due)
    } else {
      self = storeHolds ? .store : .turn
    }
  }
}

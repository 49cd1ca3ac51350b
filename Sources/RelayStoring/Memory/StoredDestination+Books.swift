import RelayCore

/// What its books say of what becomes of deliveries.
extension StoredDestination {
  /// One has arrived.
  package mutating func arrived(in queue: DeliveryQueue, bytes: Int) {
    pending += 1
    if queue == .replay { replaying += 1 }
    backlogBytes += bytes
  }

  /// A pending delivery has come to this end.
  package mutating func settled(_ outcome: Settlement.Outcome, of queue: DeliveryQueue, bytes: Int) {
    if case .retry = outcome { return }
    pending -= 1
    if queue == .replay { replaying -= 1 }
    switch outcome {
    case .dead: dead += 1
    case .delivered:
      delivered += 1
      backlogBytes -= bytes
    case .retry: break
    }
  }

  /// A dead or discarded one is pending again.
  ///
  /// - Parameter reason: Why it was discarded; nil: it was dead.
  package mutating func retried(of queue: DeliveryQueue, discarded reason: DiscardReason?, bytes: Int) {
    pending += 1
    if queue == .replay { replaying += 1 }
    guard let reason else { return dead -= 1 }
    if reason == .overflow { overflowed -= 1 } else { discarded -= 1 }
    backlogBytes += bytes
  }

  /// A dead or pending one was given up.
  package mutating func gaveUp(_ queue: DeliveryQueue, wasDead: Bool, bytes: Int) {
    if wasDead {
      dead -= 1
    } else {
      pending -= 1
      if queue == .replay { replaying -= 1 }
    }
    discarded += 1
    backlogBytes -= bytes
  }
}

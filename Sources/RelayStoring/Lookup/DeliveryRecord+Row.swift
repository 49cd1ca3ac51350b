import RelayCore

extension DeliveryRecord {
  /// What rows keep beside its state, where that state has it.
  ///
  /// - Parameter reason: Why it is dead, or was discarded: `DeathReason` and `DiscardReason` share the column.
  package mutating func add(due: Timestamp?, settled: Timestamp?, reason: Int?) {
    switch state {
    case .fresh: break
    case .retrying, .waiting: self.due = due
    case .delivered: settledAt = settled
    case .dead:
      settledAt = settled
      deathReason = reason.flatMap(DeathReason.init)
    case .discarded:
      settledAt = settled
      discardReason = reason.flatMap(DiscardReason.init)
    }
    failureCount = attempts - (state == .delivered ? 1 : 0)
  }
}

@testable import RelayCore

extension Simulation {
  /// Every destination is there and well, nobody keeps them from it: everything must settle, as time goes by.
  mutating func finishUp() throws {
    isHealed = true
    for name in scenario.destinations {
      configured[name]?.pausedAt = nil
      store.pausedUntil[name] = nil
      store.notifications.append(.pause(name, until: nil))
    }
    store.notifications.append(.storeHolds(false))
    try configure(scenario.destinations)
    for _ in 0..<20_000 {
      if !store.calls.isEmpty {
        try callStore()
      } else if !store.notifications.isEmpty {
        try notify()
      } else if !finishable.isEmpty {
        try finishOne(from: finishable)
      } else if let deadline = dispatcher.nextDeadline() {
        try require(deadline > now, "a deadline at \(deadline) that has come brings nothing")
        try pass(now.duration(to: deadline))
      } else {
        return try expectEverythingSettled()
      }
    }
    throw Violation("it never comes to rest")
  }

  private func expectEverythingSettled() throws {
    for record in store.model.rows.values where record.isPending {
      let mayHang = scenario.hangs && record.delivery.destination == "a"
      try require(mayHang, "\(record.delivery.id) is stuck: \(record.state), claimed: \(record.isClaimed)")
    }
    try require(scenario.hangs || dispatcher.isIdle, "not idle, though all is settled")
  }
}

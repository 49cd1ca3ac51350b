import RelayCore

extension Simulation {
  /// No more inputs: everything must settle, as time goes by.
  mutating func finishUp() throws {
    for _ in 0..<20_000 {
      if !store.calls.isEmpty {
        try store.doOneCall()
      } else if !store.notifications.isEmpty {
        try notify()
      } else if !finishable.isEmpty {
        try finishOne(from: finishable)
      } else if let deadline = dispatcher.nextDeadline() {
        try require(deadline > now, "a deadline at \(deadline) that has come brings nothing")
        now = deadline
        try pump()
      } else {
        return try expectEverythingSettled()
      }
    }
    throw Violation("it never comes to rest")
  }

  private func expectEverythingSettled() throws {
    for record in store.records.values where record.isPending {
      let mayHang = scenario.hangs && record.delivery.destination == "a"
      try require(mayHang, "\(record.delivery.id) is stuck: \(record.state), claimed: \(record.isClaimed)")
    }
    try require(scenario.hangs || dispatcher.isIdle, "not idle, though all is settled")
  }
}

import RelayThreads

/// Things to look at, all at once, each on a thread of its own, and none for longer than the time that all have.
package struct Examination: Sendable {
  package struct Check: Sendable {
    let subject: String
    let look: @Sendable () -> [Finding]

    /// - Parameter subject: What is said to have taken too long.
    package init(_ subject: String, _ look: @escaping @Sendable () -> [Finding]) {
      self.subject = subject
      self.look = look
    }
  }

  private struct State: Sendable {
    var next = 0
    var found: [Int: [Finding]] = [:]
  }

  private let checks: [Check]

  /// Many destinations are looked at a few at a time.
  private static let maxThreads = 32

  package init(_ checks: [Check]) {
    self.checks = checks
  }

  /// - Returns: What was found, in the order of the checks. One that has not come to its end is a failure.
  package func run(within limit: Duration) -> [Finding] {
    let state = Monitor(State())
    let count = checks.count
    for _ in 0..<min(Self.maxThreads, count) {
      guard WorkerThread.start(name: "doctor", { [checks] in Self.work(checks, state) }) else { break }
    }
    _ = state.wait(timeout: limit) { $0.found.count == count ? true : nil }
    let found = state.update { $0.found }
    return checks.enumerated().flatMap { place, check in
      found[place] ?? [
        .fail(
          check.subject, "there was no answer within \(limit)",
          "look at it by hand: whatever it waits for hangs")
      ]
    }
  }

  private static func work(_ checks: [Check], _ state: Monitor<State>) {
    while true {
      let place = state.update { state in
        defer { state.next += 1 }
        return state.next
      }
      guard place < checks.count else { return }
      let findings = checks[place].look()
      state.update { $0.found[place] = findings }
    }
  }
}

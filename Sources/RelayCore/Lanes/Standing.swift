/// What of a destination outlasts its lane: its name may leave the configuration and come back.
struct Standing: Sendable, Equatable {
  /// A person's pause; `distantFuture`: until it is lifted.
  var pausedUntil: Timestamp?
  var suspended = SuspendedTime()

  func isPaused(at now: Timestamp) -> Bool { pausedUntil.map { now < $0 } ?? false }

  /// A pause with an end ends by itself.
  mutating func endPause(at now: Timestamp) {
    if let end = pausedUntil, end <= now { pausedUntil = nil }
  }

  /// When to come back for the end of the pause.
  var pauseEnd: Timestamp? { pausedUntil == .distantFuture ? nil : pausedUntil }
}

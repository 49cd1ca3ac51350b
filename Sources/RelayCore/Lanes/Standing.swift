/// What of a destination outlasts its lane: its name may leave the configuration and come back.
struct Standing: Sendable, Equatable {
  /// A person's pause, by the steady clock; `distantFuture`: until it is lifted.
  var pausedUntil: Timestamp?
  var suspended = SuspendedTime()

  func isPaused(at now: Timestamp) -> Bool { pausedUntil.map { now < $0 } ?? false }

  /// A pause with an end ends by itself.
  mutating func endPause(at now: Timestamp) {
    if let end = pausedUntil, end <= now { pausedUntil = nil }
  }

  /// When to come back for the end of the pause: also now and then before it, since the wall clock may be set meanwhile,
  /// and nobody tells.
  func pauseLook(now: Timestamp) -> Timestamp? {
    guard let end = pausedUntil, end != .distantFuture else { return nil }
    return min(end, now.advanced(by: Self.longestSleep))
  }

  static let longestSleep = Duration.seconds(30)

  /// A pause ends at a time of the wall clock, which was set forward by so much, or back (negative).
  mutating func wallClockStepped(by step: Duration) {
    if let end = pausedUntil, end != .distantFuture { pausedUntil = end.advanced(by: .zero - step) }
  }
}

import RelayCore

/// Sends one message for all commits of a few milliseconds. Pure.
struct MessageGate: Sendable, Equatable {
  /// From one message to the next: a notification costs the server a tenth of a millisecond, under a lock that all senders share.
  static let interval = Duration.milliseconds(5)

  private var waiting: Int64?
  private var lastSent: Timestamp?

  /// This node has stored what goes up to this id.
  ///
  /// - Returns: Whether the sender is to be woken: nothing waited before.
  mutating func add(_ id: Int64) -> Bool {
    defer { waiting = max(id, waiting ?? id) }
    return waiting == nil
  }

  /// How long to wait until a message goes; zero: now. nil: there is none.
  func delay(at now: Timestamp) -> Duration? {
    guard waiting != nil else { return nil }
    guard let lastSent else { return .zero }
    return max(.zero, Self.interval - lastSent.duration(to: now))
  }

  /// - Returns: What is to be sent now.
  mutating func take(at now: Timestamp) -> Int64? {
    guard delay(at: now) == .zero else { return nil }
    defer { waiting = nil }
    lastSent = now
    return waiting
  }
}

/// The time, injected.
public protocol WallClock: Sendable {
  func now() -> Timestamp
}

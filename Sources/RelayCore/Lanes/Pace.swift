/// How many deliveries a lane settles in a second, over the last 15 to 30 seconds.
struct Pace: Sendable, Equatable {
  private static let window = Duration.seconds(15)
  /// Shorter times than this say nothing.
  private static let least = Duration.seconds(1)

  /// When the window that is being counted began.
  private var began = Timestamp.epoch
  private var count = 0
  /// Of the whole window before it; nil: nothing was settled then.
  private var previous: Int?

  mutating func add(at now: Timestamp) {
    let elapsed = began.duration(to: now)
    if elapsed >= Self.window * 2 || elapsed < .zero {
      // A rest is no part of the pace.
      previous = nil
      count = 0
      began = now
    } else if elapsed >= Self.window {
      previous = count
      count = 0
      began = began.advanced(by: Self.window)
    }
    count += 1
  }

  /// nil: nothing was settled lately.
  func perSecond(at now: Timestamp) -> Double? {
    let elapsed = began.duration(to: now)
    guard count > 0, elapsed < Self.window * 2, elapsed >= .zero else { return nil }
    let before = elapsed < Self.window ? previous : nil
    let time = before == nil ? max(elapsed, Self.least) : elapsed + Self.window
    return Double(count + (before ?? 0)) / time.inSeconds
  }
}

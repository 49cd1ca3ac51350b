/// When a delivery is tried again, and when no more.
///
/// The delay before attempt n+1 is `min(maxDelay, initial × factor^(n−1))`, and up to `jitter` of it on top: the
/// table is a floor, never undercut.
///
/// With the defaults: 1 s, 2 s, 4 s, … 256 s, then every 300 s (each up to a fifth later).
package struct RetryPolicy: Hashable, Sendable {
  package var initial = Duration.seconds(1)
  /// At least 1.
  package var factor = 2.0
  package var maxDelay = Duration.seconds(300)
  /// A share of the delay, from 0 to 1.
  package var jitter = 0.2
  /// Counted from receipt, less the time that the destination was suspended.
  package var maxAge = Duration.seconds(72 * 3600)
  /// Probes of an open circuit are not among them; nil: as many as `maxAge` allows.
  package var maxAttempts: Int?

  package init() {}

  /// No wait is longer: a stored time that is farther off was made by another policy, or by a clock that was wrong.
  package var longestDelay: Duration { .microseconds(Int64(maxDelay.inSeconds * (1 + jitter) * 1e6) + 1) }

  /// The delay before the attempt that follows attempt `attempts` (from 1).
  ///
  /// - Parameter random: uniform in 0..<1.
  package func delay(afterAttempt attempts: Int, random: Double) -> Duration {
    let cap = maxDelay.inSeconds
    var seconds = initial.inSeconds
    var remaining = attempts - 1
    // The exponent may be any number; the product stops growing at the cap.
    while remaining > 0, seconds < cap, factor > 1 {
      seconds *= factor
      remaining -= 1
    }
    seconds = min(cap, seconds)
    return .microseconds(Int64((seconds * (1 + jitter * random) * 1e6).rounded(.up)))
  }
}

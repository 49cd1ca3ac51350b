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

/// The header `Retry-After` (RFC 9110, 10.2.3): seconds in digits, or an HTTP date. Anything else is as if it were not
/// there: a guess at what `30s` or `30, 90` means would hold a whole destination.
package enum RetryAfter {
  /// However far in the future the wish is.
  package static let longest = Duration.seconds(365 * 86_400)

  /// - Parameter value: Without blanks around it.
  /// - Returns: nil: it says nothing, or its time is over.
  package static func delay(_ value: some StringProtocol, now: Timestamp) -> Duration? {
    let delay = seconds(value) ?? HTTPDate.timestamp(value, now: now).map { now.duration(to: $0) }
    guard let delay, delay > .zero else { return nil }
    return min(delay, longest)
  }

  private static func seconds(_ value: some StringProtocol) -> Duration? {
    guard !value.isEmpty, value.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    // More digits than a number has are a long time.
    return Int64(value).map { .seconds($0) } ?? longest
  }
}

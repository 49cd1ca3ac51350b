import RelayCore
import RelayThreads

/// Bounds how many wrong tokens the login answers, and the log is told of, by all together: whom an attempt comes from says nothing
/// behind a proxy.
///
/// A right token logs in all the while: a stranger's guesses keep nobody out. (Refusing it would not stop a guesser, who can send
/// tokens with any request: that guessing is hopeless comes of the tokens' length.)
final class LoginAttempts: Sendable {
  static let limit = 10
  static let span = Duration.seconds(60)

  /// When the last wrong ones came, at most `limit`, the oldest first.
  private let wrong = Locked<[Timestamp]>([])

  /// - Returns: What `attempt` returns; nil: it was wrong.
  /// - Throws: 429: it was wrong, and so were many before it.
  func admit<Outcome>(at now: Timestamp, _ attempt: () -> Outcome?) throws -> Outcome? {
    if let outcome = attempt() { return outcome }
    try wrong.withLock { times in
      // Those to come are of before the clock was set back.
      times.removeAll { $0 > now || $0.duration(to: now) >= Self.span }
      guard times.count < Self.limit else {
        let wait = Self.span - times[0].duration(to: now)
        let seconds = wait.components.seconds + 1
        throw APIError(
          429, "too_many_attempts",
          "this token is wrong, as \(Self.limit) others within a minute were; with another wrong one come back in \(seconds) s",
          headers: [AdminResponse.Header("retry-after", "\(seconds)")])
      }
      times.append(now)
    }
    return nil
  }
}

import RelayCore
import RelayThreads

/// Bounds how many wrong tokens can be tried at the login, by all together: whom an attempt comes from says nothing behind a proxy.
///
/// While there were too many, no login is looked at, a right one no more than a wrong one: else trying would go on. Who has a token
/// is let in by it all the while.
final class LoginAttempts: Sendable {
  static let limit = 10
  static let span = Duration.seconds(60)

  /// When the last wrong ones came, at most `limit`, the oldest first.
  private let wrong = Locked<[Timestamp]>([])

  /// - Returns: What `attempt` returns; nil: it was wrong.
  /// - Throws: 429, with when to come back.
  func admit<Outcome>(at now: Timestamp, _ attempt: () -> Outcome?) throws -> Outcome? {
    try wrong.withLock { times in
      // Those to come are of before the clock was set back.
      times.removeAll { $0 > now || $0.duration(to: now) >= Self.span }
      guard times.count < Self.limit else {
        let wait = Self.span - times[0].duration(to: now)
        let seconds = wait.components.seconds + 1
        throw APIError(
          429, "too_many_attempts",
          "there were \(Self.limit) logins with wrong tokens within a minute; try again in \(seconds) s",
          headers: [AdminResponse.Header("retry-after", "\(seconds)")])
      }
      let outcome = attempt()
      if outcome == nil { times.append(now) }
      return outcome
    }
  }
}

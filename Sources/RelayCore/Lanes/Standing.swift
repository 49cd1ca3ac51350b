/// How long a destination has been left alone by the relay's own choice: paused, or its circuit open.
///
/// Such time does not count toward `max_age`. A delivery's `since` is the time of its receipt less the total at that
/// moment; its age is the time now less the total now, less `since`.
package struct SuspendedTime: Hashable, Sendable {
  /// The time of all suspensions that have ended.
  package private(set) var ended: Duration
  /// When the present one began; nil: it is in service.
  package private(set) var since: Timestamp?

  package init(ended: Duration = .zero, since: Timestamp? = nil) {
    self.ended = ended
    self.since = since
  }

  package func total(at now: Timestamp) -> Duration {
    ended + (since.map { max(.zero, $0.duration(to: now)) } ?? .zero)
  }

  /// The time now on a clock that stands still during suspensions.
  package func serviceTime(at now: Timestamp) -> Timestamp { now.advanced(by: .zero - total(at: now)) }

  /// - Returns: Whether it changed.
  @discardableResult
  package mutating func set(isSuspended: Bool, at now: Timestamp) -> Bool {
    guard isSuspended != (since != nil) else { return false }
    if isSuspended {
      since = now
    } else {
      ended = total(at: now)
      since = nil
    }
    return true
  }
}

/// What is kept of a destination when its lane goes: its name may leave the configuration and come back.
struct Standing: Sendable, Equatable {
  /// A person's pause, by the steady clock; `distantFuture`: until it is lifted.
  var pausedUntil: Timestamp?
  var suspended = SuspendedTime()

  init(pausedUntil: Timestamp? = nil, suspended: SuspendedTime = SuspendedTime()) {
    self.pausedUntil = pausedUntil
    self.suspended = suspended
  }

  func isPaused(at now: Timestamp) -> Bool { pausedUntil.map { now < $0 } ?? false }

  /// - Parameter end: By the steady clock; `distantFuture`: until it is lifted; nil: it is lifted.
  mutating func pause(until end: Timestamp?) { pausedUntil = end }

  /// - Returns: Whether the suspended time begins or ends now.
  mutating func setSuspended(_ isSuspended: Bool, at now: Timestamp) -> Bool {
    suspended.set(isSuspended: isSuspended, at: now)
  }

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

  /// A pause ends at a time of the wall clock, which was set forward by this much, or back (negative).
  mutating func wallClockStepped(by step: Duration) {
    if let end = pausedUntil, end != .distantFuture { pausedUntil = end.advanced(by: .zero - step) }
  }
}

/// What is kept of destinations that have no lane. Without a lane only a person's pause suspends.
struct AbsentStandings: Sendable {
  private var standings: [String: Standing] = [:]

  /// Its lane begins with this.
  mutating func take(_ name: String) -> Standing { standings.removeValue(forKey: name) ?? Standing() }

  /// - Returns: Its suspended time if that changed.
  mutating func keep(_ standing: Standing, of name: String, at now: Timestamp) -> SuspendedTime? {
    standings[name] = standing
    return suspend(name, at: now)
  }

  /// - Parameter end: By the steady clock; `distantFuture`: until it is lifted; nil: it is lifted.
  /// - Returns: Its suspended time if that changed.
  mutating func pause(_ name: String, until end: Timestamp?, at now: Timestamp) -> SuspendedTime? {
    standings[name, default: Standing()].pause(until: end)
    return suspend(name, at: now)
  }

  mutating func wallClockStepped(by step: Duration) {
    for name in standings.keys { standings[name]!.wallClockStepped(by: step) }
  }

  private mutating func suspend(_ name: String, at now: Timestamp) -> SuspendedTime? {
    let isPaused = standings[name]!.isPaused(at: now)
    return standings[name]!.setSuspended(isPaused, at: now) ? standings[name]!.suspended : nil
  }
}

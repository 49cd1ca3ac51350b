/// How long a destination has been left alone by the relay's own choice: paused, or its circuit open.
///
/// Such time does not count toward `max_age`. A delivery's `since` is the time of its receipt less the total at that
/// moment; its age is the time now less the total now, less `since`.
package struct SuspendedTime: Hashable, Sendable {
  /// Of all suspensions that have ended.
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

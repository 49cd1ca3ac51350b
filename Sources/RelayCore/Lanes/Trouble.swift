/// What goes wrong with a destination since something last went right.
struct Trouble: Sendable {
  /// When the first of the attempts that have all failed did; nil: the last one succeeded.
  private(set) var since: Timestamp?
  /// How many they are.
  private(set) var failures = 0
  /// What came of the last attempt that failed by the destination's fault; without the answer's body. It stays.
  private(set) var lastFailure: AttemptResult.Response?
  /// One of them was the destination's fault.
  private(set) var isDestinations = false
  /// The order's head that alone could be tried.
  var head: StuckHead?
  /// When one last died of its age, on a clock that stands still during pauses.
  private(set) var lastExpiry: Timestamp?

  mutating func failed(_ response: AttemptResult.Response, _ blame: Blame, at now: Timestamp) {
    since = since ?? now
    failures += 1
    guard blame != .event else { return }
    isDestinations = true
    lastFailure = response.withoutBody
  }

  mutating func expired(at time: Timestamp) { lastExpiry = time }

  /// That clock is set forward by so much, or back (negative).
  mutating func unpausedTimeShifts(by step: Duration) { lastExpiry = lastExpiry?.advanced(by: step) }

  /// Something succeeded.
  mutating func ended() {
    guard since != nil || lastExpiry != nil else { return }
    self = Trouble(lastFailure: lastFailure)
  }

  init(lastFailure: AttemptResult.Response? = nil) { self.lastFailure = lastFailure }
}

/// A delivery that its order lets nothing pass, and that fails.
package struct StuckHead: Sendable, Equatable {
  package var delivery: DeliveryID
  package var event: EventID
  package var kind: EventKind

  package init(delivery: DeliveryID, event: EventID, kind: EventKind) {
    self.delivery = delivery
    self.event = event
    self.kind = kind
  }

  init(_ delivery: Delivery) {
    self.init(delivery: delivery.id, event: delivery.event.id, kind: EventKind(delivery.event))
  }
}

extension AttemptResult.Response {
  fileprivate var withoutBody: AttemptResult.Response {
    if case .status(let code, _, let retryAfter) = self {
      .status(code, body: [], retryAfter: retryAfter)
    } else {
      self
    }
  }
}

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
  /// The order's head that alone could be tried, and failed.
  private(set) var head: StuckHead?

  /// An attempt ended.
  ///
  /// - Parameter isHead: Its order lets nothing pass it.
  mutating func attemptEnded(
    _ delivery: Delivery, _ response: AttemptResult.Response, _ blame: Blame, _ outcome: Settlement.Outcome,
    isHead: Bool, at now: Timestamp
  ) {
    guard blame != .none else { return end() }
    since = since ?? now
    failures += 1
    if blame != .event {
      isDestinations = true
      lastFailure = response.withoutBody
    }
    switch outcome {
    case .retry:
      if isHead && blame == .destination { head = StuckHead(delivery) }
    case .delivered, .dead:
      // It lets the next one pass.
      if head?.delivery == delivery.id { head = nil }
    }
  }

  /// Deliveries may have been discarded: if the head was not, it fails again.
  mutating func forgetHead() { head = nil }

  /// Something succeeded.
  private mutating func end() {
    guard since != nil else { return }
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

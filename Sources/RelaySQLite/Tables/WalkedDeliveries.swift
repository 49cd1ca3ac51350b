import RelayCore

/// How far retention has walked along the events, as those who settle deliveries need to know it. Confined to the
/// store's thread.
///
/// What the walk has passed it finds again only by an entry (`delivery.revisit`). So this may be ahead of the walk, which
/// makes an entry too many, but never behind it. docs/decisions/0015-two-indexes-less.md says why there is an entry for so few.
final class WalkedDeliveries {
  /// How much later than it was received an event's last delivery may be settled without an entry of its own for
  /// retention: at such an event its walk stops, and what stands behind it goes so much too late at most.
  static let longestStop = Duration.seconds(60)

  private var last = DeliveryID(rawValue: 0)

  /// The entry for retention that a delivery makes when it is settled for good; nil: none, because retention's walk
  /// along the events is yet to come to it, and will not wait long for it there.
  ///
  /// - Parameter received: When its envelope was.
  func revisit(
    _ delivery: DeliveryID, of queue: DeliveryQueue = .live, received: Timestamp, settledAt now: Timestamp
  ) -> Timestamp? {
    // That walk may have passed the event before the replay came to it.
    queue == .replay || delivery <= last || received.advanced(by: Self.longestStop) < now ? now : nil
  }

  /// The walk has passed all events up to this delivery's, and that is committed.
  func reach(_ delivery: DeliveryID) { last = max(last, delivery) }
}

@available(*, unavailable)
extension WalkedDeliveries: Sendable {}

/// How far retention has walked along the events, as those who settle deliveries need to know it. Confined to the
/// store's thread.
///
/// Of what the walk has passed it learns only by an entry (`delivery.revisit`). So this may be ahead of the walk, which
/// makes an entry too many, but never behind it.
final class WalkedDeliveries {
  private var last: Int64 = 0

  /// Whether the walk has passed the delivery's event.
  func contains(_ delivery: Int64) -> Bool { delivery <= last }

  /// The walk has passed all events up to this delivery's, and that is committed.
  func reach(_ delivery: Int64) { last = max(last, delivery) }
}

@available(*, unavailable)
extension WalkedDeliveries: Sendable {}

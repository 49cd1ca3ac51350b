/// A destination's failures in a row, as its circuit counts them.
///
/// What an event may have caused counts once per delivery, so that one poisonous event alone is no row. It holds no
/// more ids than failures open a circuit.
struct FailureRow: Sendable, Equatable {
  private(set) var count = 0
  private var deliveries: Set<DeliveryID> = []

  mutating func add(_ delivery: DeliveryID, _ blame: Blame) {
    if blame == .destination && !deliveries.insert(delivery).inserted { return }
    count += 1
  }

  mutating func end() {
    guard count > 0 else { return }
    count = 0
    deliveries.removeAll()
  }
}

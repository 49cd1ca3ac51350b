/// A destination's failures in a row, as its circuit counts them.
///
/// What an event may have caused counts once per delivery, so that one poisonous event alone is no row; but again where
/// nothing else could be tried. It holds no more ids, and no more kinds, than failures open a circuit.
struct FailureRow: Sendable, Equatable {
  private(set) var count = 0
  /// Those whose answers have counted.
  private(set) var deliveries: Set<DeliveryID> = []
  /// Their kinds.
  private(set) var kinds = KindTable()
  /// A delivery has counted again.
  private(set) var repeats = false

  /// - Parameter isAlone: Nothing could be tried but deliveries that it holds.
  mutating func add(
    _ delivery: DeliveryID, _ kind: EventKind, _ blame: Blame, isAlone: Bool, at now: Timestamp
  ) {
    if blame == .destination {
      if !deliveries.insert(delivery).inserted {
        guard isAlone else { return }
        repeats = true
      }
      kinds.failed(kind, at: now)
    }
    count += 1
  }

  mutating func end() {
    guard count > 0 else { return }
    self = FailureRow()
  }
}

import RelayCore
import RelayStoring

/// Goes over what waits for its order key in a destination that this node has begun to serve, newest first: somebody may have stored it whose
/// news nobody has acted on. Each key's first gets its turn. Confined to the store's thread.
struct OrderSweep {
  let destination: DestinationRowID
  private var shelves: ArraySlice<Int16>
  private var before = DeliveryID(rawValue: .max)

  init(_ destination: DestinationRowID) {
    self.destination = destination
    shelves = DeliveryQueue.allCases.compactMap { DeliveryState.waiting.shelf(in: $0) }[...]
  }

  /// - Returns: Whether it was the last step, and whether it has found any that wait.
  mutating func step(
    _ session: StoreSession, _ statements: SweepStatements
  ) throws(StoreError) -> (isLast: Bool, hasFound: Bool) {
    guard let shelf = shelves.first else { return (true, false) }
    let waiting = try statements.waiting(
      of: destination, shelf, before: before, limit: deliveriesPerStep, session.connection)
    if !waiting.isEmpty { try session.promote(Set(waiting.map(\.key))) }
    if waiting.count < deliveriesPerStep {
      shelves.removeFirst()
      before = DeliveryID(rawValue: .max)
    } else {
      before = waiting[waiting.count - 1].id
    }
    return (shelves.isEmpty, !waiting.isEmpty)
  }
}

@available(*, unavailable)
extension OrderSweep: Sendable {}

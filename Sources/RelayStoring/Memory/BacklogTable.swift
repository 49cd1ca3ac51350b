import RelayCore

/// What is known in memory of each destination's fresh deliveries in the store, of each of its queues.
///
/// A walk that begins too early costs time; one that begins too late, or a lane that stays behind for ever, loses sight of
/// deliveries until the next start. So whatever makes a fresh delivery claimable says so here, and a lane that gives one
/// back comes again.
package struct BacklogTable {
  private struct Backlog {
    /// No fresh delivery in the index before this one can be claimed: a walk need not pass over what its lane holds.
    var claimableFrom = DeliveryID(rawValue: 0)
    /// Given back unlisted, in their order if `isInOrder`; some may have been listed since.
    var returned: ArraySlice<DeliveryID> = []
    var isInOrder = true
    /// Its lane has given back fresh ones, and not come to the end of the store's since.
    var isBehind = false
  }

  /// By their rows' ids, which are given out one after another: two each.
  private var backlogs: [Backlog] = []

  package init() {}

  package func claimableFrom(_ destination: DestinationRowID, _ queue: DeliveryQueue) -> DeliveryID {
    backlog(destination, queue).claimableFrom
  }

  /// Whether its lane would give back what arrives now.
  package func isBehind(_ destination: DestinationRowID) -> Bool { backlog(destination, .live).isBehind }

  /// What was given back unlisted, oldest first.
  package mutating func returned(_ destination: DestinationRowID, _ queue: DeliveryQueue) -> ArraySlice<
    DeliveryID
  > {
    let place = Self.place(destination, queue)
    guard place < backlogs.count else { return [] }
    if !backlogs[place].isInOrder {
      backlogs[place].returned.sort()
      backlogs[place].isInOrder = true
    }
    return backlogs[place].returned
  }

  /// A walk has come to `delivery`, and can claim none before it but the `returned` that are left.
  package mutating func walked(
    to delivery: DeliveryID, of destination: DestinationRowID, _ queue: DeliveryQueue,
    returned: ArraySlice<DeliveryID>,
    isExhausted: Bool
  ) {
    change(destination, queue) {
      $0.claimableFrom = delivery
      $0.returned = returned
      if isExhausted { $0.isBehind = false }
    }
  }

  /// A look beyond what is next has taken the others of the `returned`.
  package mutating func keep(
    returned: ArraySlice<DeliveryID>, of destination: DestinationRowID, _ queue: DeliveryQueue
  ) {
    change(destination, queue) { $0.returned = returned }
  }

  package mutating func becameClaimable(
    _ delivery: DeliveryID, of destination: DestinationRowID, _ queue: DeliveryQueue
  ) {
    change(destination, queue) { $0.claimableFrom = min($0.claimableFrom, delivery) }
  }

  /// No delivery of a replay is unlisted.
  package mutating func wasReturned(_ delivery: DeliveryID, of destination: DestinationRowID) {
    change(destination, .live) {
      if let last = $0.returned.last, last > delivery { $0.isInOrder = false }
      $0.returned.append(delivery)
    }
  }

  package mutating func fellBehind(_ destination: DestinationRowID) {
    change(destination, .live) { $0.isBehind = true }
  }

  private func backlog(_ destination: DestinationRowID, _ queue: DeliveryQueue) -> Backlog {
    let place = Self.place(destination, queue)
    return place < backlogs.count ? backlogs[place] : Backlog()
  }

  private mutating func change(
    _ destination: DestinationRowID, _ queue: DeliveryQueue, _ body: (inout Backlog) -> Void
  ) {
    let place = Self.place(destination, queue)
    while backlogs.count <= place { backlogs.append(Backlog()) }
    body(&backlogs[place])
  }

  private static func place(_ destination: DestinationRowID, _ queue: DeliveryQueue) -> Int {
    Int(destination.rawValue) * 2 + queue.rawValue
  }
}

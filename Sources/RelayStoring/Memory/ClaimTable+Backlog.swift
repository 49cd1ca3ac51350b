import RelayCore

/// What becomes of claims between transactions and when they are listed: each store has a table and backlogs, and these
/// keep the two together.
extension ClaimTable {
  /// Deliveries go into their lanes' hands.
  ///
  /// - Parameter claimed: With what each is claimed.
  package mutating func handOut(_ claimed: [(id: DeliveryID, entry: Entry)]) {
    for (id, entry) in claimed {
      if entry.state == .claimedUnlisted { _ = take(id) }
      add(id, entry)
    }
    commit()
  }

  /// Takes claimed deliveries back from their lane.
  package mutating func giveBack(_ deliveries: [DeliveryID], to backlogs: inout BacklogTable) {
    for delivery in deliveries {
      guard let entry = entries[delivery] else { continue }
      if entry.isFresh && entry.queue == .live { backlogs.fellBehind(entry.destination) }
      switch entry.state {
      case .claimedUnlisted, .returned:
        change(delivery) { $0.state = .returned }
        backlogs.wasReturned(delivery, of: entry.destination)
      case .claimed:
        _ = take(delivery)
        if entry.isFresh { backlogs.becameClaimable(delivery, of: entry.destination, entry.queue) }
      }
    }
    commit()
  }

  /// A delivery stands in an index from now on.
  package mutating func wasListed(_ delivery: DeliveryID, in backlogs: inout BacklogTable) {
    guard let entry = entries[delivery] else { return }
    switch entry.state {
    case .claimed, .claimedUnlisted: change(delivery) { $0.state = .claimed }
    case .returned:
      _ = take(delivery)
      backlogs.becameClaimable(delivery, of: entry.destination, .live)
    }
  }
}

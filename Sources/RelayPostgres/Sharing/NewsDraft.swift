import RelayCore
import RelayStoring

/// What a commit stores for destinations that other nodes serve, and what tells its envelopes when they come again: the others are told with a
/// row of the same commit. A pure value.
struct NewsDraft: Equatable {
  private(set) var destinations: Set<DestinationRowID> = []
  private(set) var replayed: Set<DestinationRowID> = []
  /// Of what waits for its turn, which the other node is to look after.
  private(set) var keys: Set<OrderKey> = []
  var envelopes: [AppendStatements.EnvelopeRow] = []

  var isEmpty: Bool { destinations.isEmpty && envelopes.isEmpty }
  /// Somebody waits for it. Else the others read it with their next heartbeat.
  var isUrgent: Bool { !destinations.isEmpty }

  mutating func stored(_ destination: DestinationRowID, _ key: OrderKey?, in queue: DeliveryQueue) {
    destinations.insert(destination)
    if queue == .replay { replayed.insert(destination) }
    if let key { keys.insert(key) }
  }
}

import RelayCore

extension StoreNodes {
  /// This relay is the only one, and serves a destination.
  static func aloneServing(_ destination: String) -> StoreNodes {
    let node = Node(
      name: "relay-1", version: "1.2.3", configurationHash: "c1", destinations: [destination],
      lastSeen: .epoch,
      age: .zero, isThis: true)
    return StoreNodes(nodes: [node], unserved: [], isSure: true)
  }
}

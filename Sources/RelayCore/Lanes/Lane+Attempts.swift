extension Lane {
  /// A request that may be sent now: its deliveries are in flight.
  struct Start: Sendable {
    var first: Delivery
    /// What a batch holds besides, in order.
    var others: [Delivery] = []
    /// What came with them from the store and has no room: it goes back.
    var left: [DeliveryID] = []
  }

  /// An attempt that has ended.
  struct Ended: Sendable {
    var delivery: Delivery
    var settlement: Settlement
    var isProbe: Bool
    /// Whether the circuit is in another state now.
    var changesCircuit: Bool
    /// What a batch held besides.
    var others: [(delivery: Delivery, settlement: Settlement)] = []
  }
}

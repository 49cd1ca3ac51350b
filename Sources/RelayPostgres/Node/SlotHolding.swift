/// The number that a node has among all that share the store: a place in every id that it gives.
package enum Slot {
  /// An id has 12 bits for it.
  package static let bits = 12
  package static let all = 0..<(1 << bits)
}

/// The slot that a node has, and since when.
package struct SlotHolding: Sendable, Equatable {
  package var slot: Int
  /// Counts how often the slot has changed hands. A node that comes back after a lost connection and finds another number has been taken
  /// over.
  package var session: Int64

  package init(slot: Int, session: Int64) {
    self.slot = slot
    self.session = session
  }
}

/// A slot that has been taken.
package struct TakenSlot: Sendable, Equatable {
  package var holding: SlotHolding
  /// The highest tick that the slot is known to have given: what comes is later, whatever the server's clock shows.
  package var lastTick: Int64

  package init(holding: SlotHolding, lastTick: Int64) {
    self.holding = holding
    self.lastTick = lastTick
  }
}

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

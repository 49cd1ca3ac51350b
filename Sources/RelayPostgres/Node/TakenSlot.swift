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

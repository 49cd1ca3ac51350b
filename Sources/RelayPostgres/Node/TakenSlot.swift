/// A slot that has been taken.
package struct TakenSlot: Sendable, Equatable {
  package var holding: SlotHolding
  /// The highest tick that the slot is known to have given: what comes is later, whatever the server's clock shows.
  package var lastTick: Int64
  /// How long ago the node before was seen last, by the server's clock; nil: there was none, or it has ended in order.
  package var age: Duration?

  package init(holding: SlotHolding, lastTick: Int64, age: Duration? = nil) {
    self.holding = holding
    self.lastTick = lastTick
    self.age = age
  }
}

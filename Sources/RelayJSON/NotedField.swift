/// A value that stands in an event where one of the field tree's paths leads.
package struct NotedField: Sendable, Equatable {
  private var storedSlot: UInt32
  package var value: JSONValue

  package init(slot: Int, value: JSONValue) {
    storedSlot = UInt32(slot)
    self.value = value
  }

  /// The path's place among those that the field tree was made of.
  package var slot: Int {
    get { Int(storedSlot) }
    set { storedSlot = UInt32(newValue) }
  }

  /// Set when a later duplicate of a key above this value has replaced it; such entries leave when their
  /// event ends.
  var isReplaced: Bool { storedSlot == .max }

  mutating func markReplaced() { storedSlot = .max }
}

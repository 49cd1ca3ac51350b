/// An item under a type of `messages` that is not an object, and so not an event.
package struct RejectedItem: Sendable, Equatable {
  /// The key under `messages`: of kind string.
  package var type: JSONValue
  /// Its place among the items of its type's value; 0 for a lone scalar.
  package var index: Int
  /// What it is instead of an object.
  package var kind: JSONKind

  package init(type: JSONValue, index: Int, kind: JSONKind) {
    self.type = type
    self.index = index
    self.kind = kind
  }
}

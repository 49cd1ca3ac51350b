/// An item under a type of `messages` that is not an object, and so not an event.
public struct RejectedItem: Sendable, Equatable {
  /// The key under `messages`: of kind string.
  public var type: JSONValue
  /// Its place among the items of its type's value; 0 for a lone scalar.
  public var index: Int
  /// What it is instead of an object.
  public var kind: JSONKind

  public init(type: JSONValue, index: Int, kind: JSONKind) {
    self.type = type
    self.index = index
    self.kind = kind
  }
}

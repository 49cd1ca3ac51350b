/// What one pass over an envelope found. All offsets are bytes of the scanned document.
package struct ScannedEnvelope: Sendable {
  /// Top-level `time`, of any kind; the last one if there are several.
  package var time: JSONValue?
  /// Top-level `token`, of any kind; the last one if there are several.
  package var token: JSONValue?
  /// A scalar `token` inside `messages` (Huggy's createdChat example); the last one. An array or object
  /// under that key is a type like any other.
  package var messagesToken: JSONValue?
  /// Top-level `validToken`, of any kind; the last one if there are several.
  package var validToken: JSONValue?
  /// A `messages` was there and was an object, or an empty array (PHP writes an empty map as `[]`).
  package var hasMessages = false
  /// Kind of the last `messages`; nil if there is none.
  package var messagesKind: JSONKind?
  /// In document order, those of a second `messages` after those of the first.
  package var events: [ScannedEvent] = []
  package var rejected: [RejectedItem] = []
  /// The noted fields of all events; each event holds its range.
  package var fields: [NotedField] = []

  package init() {}
}

/// One event of an envelope.
package struct ScannedEvent: Sendable, Equatable {
  /// The key under `messages`: of kind string.
  package var type: JSONValue
  /// Its index among the items of its type's value, rejected ones included; 0 for a lone object.
  package var index: Int
  /// The exact bytes of the object, from `{` to `}`, nothing around.
  package var body: Range<Int>
  /// Its noted fields: a range of `ScannedEnvelope.fields`, in document order.
  package var fields: Range<Int>

  package init(type: JSONValue, index: Int, body: Range<Int>, fields: Range<Int>) {
    self.type = type
    self.index = index
    self.body = body
    self.fields = fields
  }
}

/// An item under a type of `messages` that is not an object, and so not an event.
package struct RejectedItem: Sendable, Equatable {
  /// The key under `messages`: of kind string.
  package var type: JSONValue
  /// Its index among the items of its type's value; 0 for a lone scalar.
  package var index: Int
  /// What it is instead of an object.
  package var kind: JSONKind

  package init(type: JSONValue, index: Int, kind: JSONKind) {
    self.type = type
    self.index = index
    self.kind = kind
  }
}

/// A value that stands in an event where one of the field tree's paths leads.
///
/// Public with its parts, so that other modules inline them (docs/decisions/0016-how-the-release-is-built.md).
public struct NotedField: Sendable, Equatable {
  private var storedSlot: UInt32
  public var value: JSONValue

  public init(slot: Int, value: JSONValue) {
    storedSlot = UInt32(slot)
    self.value = value
  }

  /// The path's index among those that the field tree was made of.
  public var slot: Int {
    get { Int(storedSlot) }
    set { storedSlot = UInt32(newValue) }
  }

  /// Set when a later duplicate of a key above this value has replaced it; such entries leave when their
  /// event ends.
  var isReplaced: Bool { storedSlot == .max }

  mutating func markReplaced() { storedSlot = .max }
}

/// An object or array that is open at the scanner's position.
struct Frame {
  /// What the keys of an object mean.
  enum Keys: UInt8 { case ignored, envelope, types, fields }

  /// Offset of the opening bracket.
  var start: UInt32 = 0
  /// Where its own notes stand among the noted fields, if it is noted.
  var notes: UInt32 = 0
  /// The field tree's node it stands at; only for events and fields.
  var node: Int32 = 0
  /// The node of the value that comes next in it; only if that is a field.
  var childNode: Int32 = 0
  var isObject = false
  var keys = Keys.ignored
  /// What it is itself.
  var place = Place.ignored
  /// What the value that comes next in it is.
  var child = Place.ignored

  var kind: JSONKind { isObject ? .object : .array }
  var isEvent: Bool {
    isObject && (place == .item || place == .type || place == .messagesToken)
  }
}

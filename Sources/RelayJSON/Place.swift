/// What a value is to the relay, told by where it stands.
enum Place: UInt8 {
  /// Of no interest, and neither is anything in it.
  case ignored
  /// The whole document.
  case document
  /// The envelope's own keys.
  case time, token, validToken, messages
  /// Under a key of `messages`.
  case type
  /// Under the key `token` of `messages`: the token if it is a scalar, else as `type`.
  case messagesToken
  /// An element of a type's array.
  case item
  /// In an event, at a node of the field tree.
  case field
}

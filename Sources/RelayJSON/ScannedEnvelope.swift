/// What one pass over an envelope found. All offsets are bytes of the scanned document.
public struct ScannedEnvelope: Sendable {
  /// Top-level `time`, of any kind; the last one if there are several.
  public var time: JSONValue?
  /// Top-level `token`, of any kind; the last one if there are several.
  public var token: JSONValue?
  /// A scalar `token` inside `messages` (Huggy's createdChat example); the last one. An array or object
  /// under that key is a type like any other.
  public var messagesToken: JSONValue?
  /// Top-level `validToken`, of any kind; the last one if there are several.
  public var validToken: JSONValue?
  /// A `messages` was there and was an object, or an empty array (PHP writes an empty map as `[]`).
  public var hasMessages = false
  /// Kind of the last `messages`; nil if there is none.
  public var messagesKind: JSONKind?
  /// In document order, those of a second `messages` after those of the first.
  public var events: [ScannedEvent] = []
  public var rejected: [RejectedItem] = []
  /// The noted fields of all events; each event holds its range.
  public var fields: [NotedField] = []

  public init() {}
}

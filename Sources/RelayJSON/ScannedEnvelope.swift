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

/// What came of a `LISTEN`.
struct Notification: Equatable, Sendable {
  var channel: String
  var payload: String
  /// Of the connection that sent it: its own may be among them.
  var backendID: Int32
}

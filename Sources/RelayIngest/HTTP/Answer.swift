import RelayPipeline

/// A reply, with what the connection adds to it.
struct Answer: Equatable {
  /// What the `connection` header says.
  enum Persistence: Equatable {
    /// Nothing: HTTP/1.1 stays open by itself.
    case keepAlive
    /// An HTTP/1.0 client is told.
    case keepAliveHTTP10
    case close
  }

  var reply: IngestReply
  var persistence: Persistence
  /// An answer to HEAD has the body's length but not the body.
  var omitsBody = false
  /// The listener itself refused the request: the receiver is told.
  var isRefusal = false
}

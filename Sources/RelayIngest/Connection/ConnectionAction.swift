/// What is to be done about a connection, decided by `ConnectionStateMachine`.
enum ConnectionAction: Equatable {
  case none
  /// Make room for a body of at most this size; with `sendContinue` the client waits to be asked for it.
  case startBody(limitBytes: Int, sendContinue: Bool)
  case appendBody
  /// The body is complete: to the receiver with it.
  case handOver
  /// Send this, free the body if there is one, and say when it has been flushed.
  case answer(Answer)
  /// The connection is ready for its next request.
  case proceed
  /// Close our side of the connection and throw away what comes.
  case linger
  case close
}

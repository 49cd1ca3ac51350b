import NIOCore

/// What is to be done about a connection, decided by `ConnectionStateMachine` and carried out by `IngestHandler.perform`.
enum ConnectionAction: Equatable {
  case none
  /// Wake up at this time instead of the one that was set before.
  case setTimer(NIODeadline)
  /// Make room for a body of at most this size; with `sendContinue` the client waits to be asked for it.
  case startBody(limitBytes: Int, coding: ContentCoding, sendContinue: Bool)
  case appendBody(ByteBuffer)
  /// The head is not complete yet: the budget is to be charged for what has come of it.
  case chargeHead
  /// The body is complete: to the receiver with it.
  case handOver
  /// Free the body if there is one, send this, and say when it has been flushed.
  ///
  /// - wakeAt: As `setTimer`; nil: the time that was set is early enough.
  case send(ReplyMessage, wakeAt: NIODeadline?)
  /// The connection is ready for its next request.
  case proceed
  /// Ask the socket for more.
  case read
  /// Close our side of the connection, and throw away what waits and what comes.
  case linger(wakeAt: NIODeadline)
  /// Give the memory back, and close the connection.
  case close
  /// The connection has ended: give back all that it had.
  case release
}

/// What is to be done with bytes that have arrived, before anything looks into them; `IngestHandler.take` does it.
enum InputAction: Equatable {
  /// They are a PROXY header's, as far as it goes.
  case readProxyHeader
  /// They begin or continue a request's head.
  case decodeHead
  /// They belong to a body.
  ///
  /// - missingBytes: What it is known to be short of; 0: its length is not known.
  case decodeBody(missingBytes: Int)
  /// They belong to a later request.
  case hold
  /// Nobody will look at them.
  case discard
  /// This client has been sending for long enough.
  case close
}

/// What is to be done with what the decoder has made of the bytes; `IngestHandler.decoded` does it.
enum PartAction: Equatable {
  case process
  /// It belongs to a later request.
  case wait
  /// Nobody will look at it.
  case discard
}

/// How a connection goes on that can take something in; `IngestHandler.goOn` does it.
enum NextAction: Equatable {
  /// Nothing can be done before something happens.
  case none
  /// Take the first of what waits, and ask again.
  case takeWaiting
  /// Ask the socket for more.
  case read
  case close
}

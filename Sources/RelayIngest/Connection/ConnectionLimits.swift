import NIOCore
import RelayCore

/// What one connection may cost, in time and in bytes.
struct ConnectionLimits: Sendable, Equatable {
  var maxBodyBytes: Int
  /// From a request's first byte to its last.
  var requestTimeout: TimeAmount
  /// Between requests, and for an answer that the client doesn't read.
  var idleTimeout: TimeAmount
  /// How long a client whose request was refused may go on sending.
  var lingerTimeout = TimeAmount.seconds(2)
  /// How much of a refused request is read, so that the client gets to see its answer. Closing with unread
  /// bytes would reset the connection, and a reset discards what the client has not read yet.
  var lingerBytes = 256 << 10
  /// A refused body up to this size is read and thrown away, and the connection lives on.
  var skippedBodyBytes = 64 << 10

  init(_ settings: ServerSettings) {
    maxBodyBytes = settings.maxBodyBytes
    requestTimeout = TimeAmount(settings.requestTimeout)
    idleTimeout = TimeAmount(settings.idleTimeout)
  }
}

/// What one client may take of the listener.
package struct FileLimits: Sendable {
  /// Further ones are closed as they come.
  package var maxConnections = 256
  /// For a request to be whole, from the connection's begin or the last answer's end.
  package var requestTimeout = Duration.seconds(30)
  /// For a piece of an answer to be taken.
  package var pieceTimeout = Duration.seconds(30)
  /// Read from the disk and sent at once: what a connection holds of a file in memory.
  package var pieceBytes = 64 << 10

  package init() {}
}

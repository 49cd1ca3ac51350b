import HummingbirdCore
import Logging
import NIOCore
import RelayThreads

/// Hummingbird's HTTP/1.1 connections, of which each is closed also where the server lets it go unserved.
///
/// A connection is set up on its own event loop and handed over on the server's. One that comes there when the server's
/// socket is closed is let go: nobody would close it, and NIO ends the program for a writer that is let go unfinished.
struct AdminChannel: ServerChildChannel {
  let http: HTTP1Channel

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
    http.setup(channel: channel, logger: logger).map(AcceptedConnection.init)
  }

  func handle(value: AcceptedConnection, logger: Logger) async {
    await http.handle(value: value.take(), logger: logger)
  }
}

/// A connection that is closed with its last reference, unless somebody has taken it to serve it.
final class AcceptedConnection: ServerChildChannelValue {
  private let connection: HTTP1Channel.Value
  private let isTaken = Locked(false)

  init(_ connection: HTTP1Channel.Value) {
    self.connection = connection
  }

  deinit {
    guard !isTaken.withLock({ $0 }) else { return }
    Task { [connection] in try? await connection.executeThenClose { _, _ in } }
  }

  var channel: any Channel { connection.channel }

  /// From here on it is the caller's to close.
  func take() -> HTTP1Channel.Value {
    isTaken.withLock { $0 = true }
    return connection
  }
}

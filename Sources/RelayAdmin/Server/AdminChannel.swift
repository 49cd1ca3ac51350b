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
  /// Those that are being closed unserved.
  private let closings = Locked<[Task<Void, Never>]>([])

  init(http: HTTP1Channel) {
    self.http = http
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
    http.setup(channel: channel, logger: logger).map { [closings] connection in
      AcceptedConnection(connection) { closing in closings.withLock { $0.append(closing) } }
    }
  }

  /// Returns once nothing is left to be done on the event loops for those that were closed unserved: after the server has stopped.
  func waitForClosings() async {
    for closing in closings.withLock({ $0 }) { await closing.value }
  }

  func handle(value: AcceptedConnection, logger: Logger) async {
    await http.handle(value: value.take(), logger: logger)
  }
}

/// A connection that is closed with its last reference, unless somebody has taken it to serve it.
final class AcceptedConnection: ServerChildChannelValue {
  private let connection: HTTP1Channel.Value
  private let isTaken = Locked(false)
  private let onClosing: @Sendable (Task<Void, Never>) -> Void

  /// - Parameter onClosing: Told what closes it, where nobody has taken it.
  init(_ connection: HTTP1Channel.Value, onClosing: @escaping @Sendable (Task<Void, Never>) -> Void) {
    self.connection = connection
    self.onClosing = onClosing
  }

  deinit {
    guard !isTaken.withLock({ $0 }) else { return }
    onClosing(Task { [connection] in try? await connection.executeThenClose { _, _ in } })
  }

  var channel: any Channel { connection.channel }

  /// From here on it is the caller's to close.
  func take() -> HTTP1Channel.Value {
    isTaken.withLock { $0 = true }
    return connection
  }
}

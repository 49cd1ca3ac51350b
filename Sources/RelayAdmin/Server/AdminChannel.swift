import HummingbirdCore
import Logging
import NIOCore
import RelayListening
import RelayThreads

/// Hummingbird's HTTP/1.1 connections, by TLS where the listener has certificates, of which each is closed also where the server lets it
/// go unserved.
///
/// A connection is set up on its own event loop and handed over on the server's. One that comes there when the server's
/// socket is closed is let go: nobody would close it, and NIO ends the program for a writer that is let go unfinished.
struct AdminChannel: ServerChildChannel {
  /// What serves a connection that came in the clear, and what one that came by TLS.
  let plain: HTTP1Channel
  let secured: HTTP1Channel
  let certificates: ListenerCertificates
  let handshakes: HandshakeLog
  /// Those that are being closed unserved.
  private let closings = Locked<[Task<Void, Never>]>([])

  init(
    plain: HTTP1Channel, secured: HTTP1Channel, certificates: ListenerCertificates, handshakes: HandshakeLog
  ) {
    self.plain = plain
    self.secured = secured
    self.certificates = certificates
    self.handshakes = handshakes
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
    guard let security = certificates.makeHandler() else { return accept(channel, by: plain, logger) }
    let watch = HandshakeWatch(log: handshakes)
    return channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandlers([security, watch])
    }.flatMap { accept(channel, by: secured, logger) }
  }

  private func accept(
    _ channel: any Channel, by http: HTTP1Channel, _ logger: Logger
  ) -> EventLoopFuture<AcceptedConnection> {
    http.setup(channel: channel, logger: logger).map { [closings] connection in
      AcceptedConnection(connection, by: http) { closing in closings.withLock { $0.append(closing) } }
    }
  }

  /// Returns once nothing is left to be done on the event loops for those that were closed unserved: after the server has stopped.
  func waitForClosings() async {
    for closing in closings.withLock({ $0 }) { await closing.value }
  }

  func handle(value: AcceptedConnection, logger: Logger) async {
    await value.http.handle(value: value.take(), logger: logger)
  }
}

/// A connection that is closed with its last reference, unless somebody has taken it to serve it.
final class AcceptedConnection: ServerChildChannelValue {
  /// What serves it.
  let http: HTTP1Channel
  private let connection: HTTP1Channel.Value
  private let isTaken = Locked(false)
  private let onClosing: @Sendable (Task<Void, Never>) -> Void

  /// - Parameter onClosing: Told what closes it, where nobody has taken it.
  init(
    _ connection: HTTP1Channel.Value, by http: HTTP1Channel,
    onClosing: @escaping @Sendable (Task<Void, Never>) -> Void
  ) {
    self.connection = connection
    self.http = http
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

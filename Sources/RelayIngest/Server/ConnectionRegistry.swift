import NIOCore

/// The connections of one event loop, so that a shutdown finds them.
final class ConnectionRegistry: @unchecked Sendable {  // Confined to its event loop.
  let eventLoop: any EventLoop
  private let limit: ConnectionLimit
  private var connections: [ObjectIdentifier: IngestHandler] = [:]
  private var emptied: EventLoopPromise<Void>?
  private var forcedEnd: Scheduled<Void>?

  init(eventLoop: any EventLoop, limit: ConnectionLimit) {
    self.eventLoop = eventLoop
    self.limit = limit
  }

  var isQuiescing: Bool { emptied != nil }

  func insert(_ connection: IngestHandler) {
    eventLoop.preconditionInEventLoop()
    connections[ObjectIdentifier(connection)] = connection
  }

  func remove(_ connection: IngestHandler) {
    guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    limit.leave(connection.admission)
    finishIfEmpty()
  }

  /// Lets requests that have begun come to their end, for at most `drain`; ends when no connection is left.
  func quiesce(drain: TimeAmount) -> EventLoopFuture<Void> {
    eventLoop.preconditionInEventLoop()
    let emptied = self.emptied ?? eventLoop.makePromise()
    self.emptied = emptied
    for connection in Array(connections.values) { connection.quiesce() }
    finishIfEmpty()
    guard !connections.isEmpty else { return emptied.futureResult }
    forcedEnd?.cancel()
    forcedEnd = eventLoop.assumeIsolated().scheduleTask(in: drain) { [self] in
      for connection in Array(connections.values) { connection.close() }
    }
    return emptied.futureResult
  }

  private func finishIfEmpty() {
    guard let emptied, connections.isEmpty else { return }
    forcedEnd?.cancel()
    forcedEnd = nil
    emptied.succeed()
  }
}

import NIOCore
import NIOPosix

/// Makes the pipeline of a new connection, or turns it away.
final class ConnectionInitializer: Sendable {
  struct TurnedAway: Error {}

  let registries: [ConnectionRegistry]
  private let ingest: IngestContext
  private let limit: ConnectionLimit

  init(ingest: IngestContext, limit: ConnectionLimit, eventLoopGroup: MultiThreadedEventLoopGroup) {
    self.ingest = ingest
    self.limit = limit
    registries = eventLoopGroup.makeIterator().map { ConnectionRegistry(eventLoop: $0, limit: limit) }
  }

  /// Runs on the channel's event loop; a failure closes the channel.
  func initialize(_ channel: any Channel) -> EventLoopFuture<Void> {
    let eventLoop = channel.eventLoop
    guard let registry = registries.first(where: { $0.eventLoop === eventLoop }), !registry.isQuiescing,
      let admission = limit.admit()
    else { return eventLoop.makeFailedFuture(TurnedAway()) }
    let connection = IngestHandler(
      ingest: ingest, registry: registry, admission: admission, now: eventLoop.now)
    return eventLoop.makeCompletedFuture {
      do {
        try channel.pipeline.syncOperations.addHandler(connection)
      } catch {
        limit.leave(admission)  // It never came to `handlerAdded`, so it never leaves the registry.
        throw error
      }
      guard admission == .open else { return }
      try channel.pipeline.syncOperations.addHandlers([
        RequestParser.makeHandler(), RequestPartHandler(connection: connection),
      ])
    }
  }
}

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RelayCore

/// Makes the pipeline of a new connection, or turns it away.
final class ConnectionInitializer: Sendable {
  struct TurnedAway: Error {}

  let registries: [ConnectionRegistry]
  private let ingest: NIOLockedValueBox<IngestContext>
  private let limit: ConnectionLimit

  init(ingest: IngestContext, limit: ConnectionLimit, eventLoopGroup: MultiThreadedEventLoopGroup) {
    self.ingest = NIOLockedValueBox(ingest)
    self.limit = limit
    registries = eventLoopGroup.makeIterator().map { ConnectionRegistry(eventLoop: $0, limit: limit) }
  }

  /// For connections from now on.
  func apply(_ settings: ServerSettings) {
    limit.setMaxOpen(settings.maxConnections)
    ingest.withLockedValue { ingest in
      ingest.limits = ConnectionLimits(settings)
      ingest.budget.setLimit(bytes: settings.maxInflightBytes)
    }
  }

  /// Runs on the channel's event loop; a failure closes the channel.
  func initialize(_ channel: any Channel) -> EventLoopFuture<Void> {
    let eventLoop = channel.eventLoop
    guard let registry = registries.first(where: { $0.eventLoop === eventLoop }), !registry.isQuiescing,
      let admission = limit.admit()
    else { return eventLoop.makeFailedFuture(TurnedAway()) }
    let connection = IngestHandler(
      ingest: ingest.withLockedValue { $0 }, registry: registry, admission: admission, now: eventLoop.now)
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

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RelayCore
import RelayPipeline

/// Makes the pipeline of a new connection, or turns it away. Where all places are taken, the connection that has been idle
/// longest, on whichever event loop, gives its place up.
final class ConnectionInitializer: Sendable {
  struct TurnedAway: Error {}

  /// Others look for a place at the same time, and idle connections wake up.
  private static let maxAttempts = 4

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
      ingest.trust.set(settings.trustedProxies)
      ingest.readsProxyHeaders = settings.proxyProtocol
      ingest.limits = ConnectionLimits(
        settings, firstRequestPatience: ingest.limits.firstRequestPatience)
      ingest.budget.setLimit(bytes: settings.maxInflightBytes, largestBodyBytes: settings.maxBodyBytes)
    }
  }

  /// Runs on the channel's event loop; a failure closes the channel.
  func initialize(_ channel: any Channel) -> EventLoopFuture<Void> {
    let eventLoop = channel.eventLoop
    guard let registry = registries.first(where: { $0.eventLoop === eventLoop }), !registry.isQuiescing
    else { return eventLoop.makeFailedFuture(TurnedAway()) }
    let ingest = ingest.withLockedValue { $0 }
    if ingest.readsProxyHeaders, !isTrusted(channel, ingest) {
      return refuse(channel, .strangersProxyHeader, ingest)
    }
    switch limit.admit() {
    case .open: return setUp(channel, registry, ingest, admission: .open)
    case .turnedAway:
      return makeRoom(on: eventLoop, attempts: Self.maxAttempts).flatMap { [self] hasRoom in
        if hasRoom { limit.leave(.turnedAway) }
        let admission = hasRoom ? ConnectionAdmission.open : .turnedAway
        guard !registry.isQuiescing else {
          limit.leave(admission)
          return eventLoop.makeFailedFuture(TurnedAway())
        }
        return setUp(channel, registry, ingest, admission: admission)
      }
    case nil: return refuse(channel, .tooManyConnections, ingest)
    }
  }

  private func isTrusted(_ channel: any Channel, _ ingest: IngestContext) -> Bool {
    ingest.trust.proxies(believing: channel.remoteAddress.flatMap(PeerAddress.Address.init)) != nil
  }

  /// Closes it without a word.
  private func refuse(
    _ channel: any Channel, _ refusal: Refusal, _ ingest: IngestContext
  ) -> EventLoopFuture<Void> {
    let origin = ConnectionOrigin(address: channel.remoteAddress.flatMap(PeerAddress.Address.init))
    ingest.receiver.refused(path: "", refusal, origin: origin)
    return channel.eventLoop.makeFailedFuture(TurnedAway())
  }

  /// - Returns: Whether a place that was taken is the caller's now.
  private func makeRoom(on eventLoop: any EventLoop, attempts: Int) -> EventLoopFuture<Bool> {
    let asked = registries.map { registry in
      registry.eventLoop.submit { registry.longestIdleSince(now: registry.eventLoop.now) }
    }
    return EventLoopFuture.whenAllSucceed(asked, on: eventLoop).flatMap { [self] found in
      let idle = zip(registries, found).compactMap { registry, since in since.map { (registry, $0) } }
      guard let (registry, since) = idle.min(by: { $0.1 < $1.1 }) else {
        return eventLoop.makeSucceededFuture(false)
      }
      return registry.eventLoop.submit { registry.closeIdle(since: since) }.hop(to: eventLoop)
        .flatMap { [self] isClosed in
          isClosed || attempts == 1
            ? eventLoop.makeSucceededFuture(isClosed) : makeRoom(on: eventLoop, attempts: attempts - 1)
        }
    }
  }

  private func setUp(
    _ channel: any Channel, _ registry: ConnectionRegistry, _ ingest: IngestContext,
    admission: ConnectionAdmission
  ) -> EventLoopFuture<Void> {
    let connection = IngestHandler(
      ingest: ingest, registry: registry, admission: admission,
      now: channel.eventLoop.now)
    return channel.eventLoop.makeCompletedFuture {
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

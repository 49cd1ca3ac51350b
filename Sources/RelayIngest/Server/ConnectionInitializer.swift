import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RelayCore
import RelayListening
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
  private let peers: PeerLimit
  private let certificates: ListenerCertificates

  init(
    ingest: IngestContext, limit: ConnectionLimit, peers: PeerLimit, certificates: ListenerCertificates,
    eventLoopGroup: MultiThreadedEventLoopGroup
  ) {
    self.ingest = NIOLockedValueBox(ingest)
    self.limit = limit
    self.certificates = certificates
    self.peers = peers
    registries = eventLoopGroup.makeIterator().map { ConnectionRegistry(eventLoop: $0, limit: limit) }
  }

  /// For connections from now on.
  func apply(_ settings: ServerSettings) {
    limit.setMaxOpen(settings.maxConnections)
    peers.setMaxOpen(settings.maxConnectionsPerPeer)
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
    guard let peer = countedPeer(channel, ingest) else { return admit(channel, registry, ingest, nil) }
    if let place = peers.enter(peer) { return admit(channel, registry, ingest, place) }
    return makeRoom(on: eventLoop, attempts: Self.maxAttempts, of: peer).flatMap { [self] hasRoom in
      guard !registry.isQuiescing else { return eventLoop.makeFailedFuture(TurnedAway()) }
      if hasRoom, let place = peers.enter(peer) { return admit(channel, registry, ingest, place) }
      guard let admission = limit.turnAway(.tooManyConnectionsOfPeer) else {
        return refuse(channel, .tooManyConnectionsOfPeer, ingest)
      }
      return setUp(channel, registry, ingest, admission: admission)
    }
  }

  /// Whose connections are counted; nil: there is no limit, or it is a proxy that is trusted, and brings those of many.
  private func countedPeer(_ channel: any Channel, _ ingest: IngestContext) -> PeerAddress.Address? {
    guard peers.isSet, let peer = channel.remoteAddress.flatMap(PeerAddress.Address.init),
      ingest.trust.proxies(believing: peer) == nil
    else { return nil }
    return peer.ofOneSite
  }

  /// - Parameter place: Among the connections of its peer, where those are counted.
  private func admit(
    _ channel: any Channel, _ registry: ConnectionRegistry, _ ingest: IngestContext, _ place: PeerPlace?
  ) -> EventLoopFuture<Void> {
    let eventLoop = channel.eventLoop
    let admission = limit.admit()
    if admission == .open { return setUp(channel, registry, ingest, admission: .open, place: place) }
    return makeRoom(on: eventLoop, attempts: Self.maxAttempts).flatMap { [self] hasRoom in
      if hasRoom, let admission { limit.leave(admission) }
      // nil: those that are being told so are too many, too.
      guard let admission = hasRoom ? .open : admission else {
        return refuse(channel, .tooManyConnections, ingest)
      }
      guard !registry.isQuiescing else {
        limit.leave(admission)
        return eventLoop.makeFailedFuture(TurnedAway())
      }
      return setUp(channel, registry, ingest, admission: admission, place: place)
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

  /// - Parameter peer: nil: whosever connection is idle longest.
  /// - Returns: Whether a place that was taken is the caller's now; of a peer's, whether one is free.
  private func makeRoom(
    on eventLoop: any EventLoop, attempts: Int, of peer: PeerAddress.Address? = nil
  ) -> EventLoopFuture<Bool> {
    let asked = registries.map { registry in
      registry.eventLoop.submit { registry.longestIdleSince(now: registry.eventLoop.now, of: peer) }
    }
    return EventLoopFuture.whenAllSucceed(asked, on: eventLoop).flatMap { [self] found in
      let idle = zip(registries, found).compactMap { registry, since in since.map { (registry, $0) } }
      guard let (registry, since) = idle.min(by: { $0.1 < $1.1 }) else {
        return eventLoop.makeSucceededFuture(false)
      }
      return registry.eventLoop.submit { registry.closeIdle(since: since, of: peer) }.hop(to: eventLoop)
        .flatMap { [self] isClosed in
          isClosed || attempts == 1
            ? eventLoop.makeSucceededFuture(isClosed)
            : makeRoom(on: eventLoop, attempts: attempts - 1, of: peer)
        }
    }
  }

  private func setUp(
    _ channel: any Channel, _ registry: ConnectionRegistry, _ ingest: IngestContext,
    admission: ConnectionAdmission, place: PeerPlace? = nil
  ) -> EventLoopFuture<Void> {
    let connection = IngestHandler(
      ingest: ingest, registry: registry, admission: admission,
      tlsBehindProxyHeader: ingest.readsProxyHeaders ? certificates : nil, now: channel.eventLoop.now)
    return channel.eventLoop.makeCompletedFuture {
      do {
        if !ingest.readsProxyHeaders, let security = certificates.makeHandler() {
          try channel.pipeline.syncOperations.addHandler(security)
        }
        try channel.pipeline.syncOperations.addHandler(connection)
      } catch {
        limit.leave(admission)  // It never came to `handlerAdded`, so it never leaves the registry.
        throw error
      }
      if let place { registry.keep(place, of: connection) }
      guard admission == .open else { return }
      try channel.pipeline.syncOperations.addHandlers([
        RequestParser.makeHandler(), RequestPartHandler(connection: connection),
      ])
    }
  }
}

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RelayCore
import RelayListening
import RelayPipeline

/// The ingest: takes envelopes over HTTP/1.1 and hands them to a receiver.
///
/// All work happens on the event loops. Memory is bounded by `server.max_inflight` for bodies and by
/// `server.max_connections` for all else: some 10 KiB each.
package final class IngestServer: Sendable {
  private let settings: NIOLockedValueBox<ServerSettings>
  private let eventLoopGroup: MultiThreadedEventLoopGroup
  private let initializer: ConnectionInitializer
  private let inherited: InheritedSockets
  private let sockets = ListeningSockets<Socket>(key: "server.listen")

  private struct Socket: Sendable {
    let channel: any Channel
    /// Somebody else holds it, too: what waits in its queue stays there for the next process.
    let isInherited: Bool
  }

  /// - Parameters:
  ///   - certificates: What it speaks TLS with.
  ///   - inherited: What `server.listen: systemd` listens on.
  ///   - firstRequestPatience: How long a shutdown waits for the request of a connection that has just been made.
  package init(
    settings: ServerSettings, receiver: any EnvelopeReceiver, eventLoopGroup: MultiThreadedEventLoopGroup,
    certificates: ListenerCertificates = ListenerCertificates(), inherited: InheritedSockets = .none,
    firstRequestPatience: Duration = .seconds(1)
  ) {
    self.inherited = inherited
    self.settings = NIOLockedValueBox(settings)
    self.eventLoopGroup = eventLoopGroup
    initializer = ConnectionInitializer(
      ingest: IngestContext(
        limits: ConnectionLimits(settings, firstRequestPatience: TimeAmount(firstRequestPatience)),
        receiver: receiver,
        budget: InflightBudget(
          limitBytes: settings.maxInflightBytes, largestBodyBytes: settings.maxBodyBytes),
        trust: ProxyTrust(settings.trustedProxies), readsProxyHeaders: settings.proxyProtocol),
      limit: ConnectionLimit(maxOpen: settings.maxConnections),
      peers: PeerLimit(maxOpen: settings.maxConnectionsPerPeer), certificates: certificates,
      eventLoopGroup: eventLoopGroup)
  }

  /// Listens on `server.listen`; returns the address with the port that the system gave.
  package func start() async throws(ListenError) -> ListenAddress {
    try await sockets.start(
      at: settings.withLockedValue { $0.listen }, bind: bind, inherit: inherit, close: Self.close)
  }

  /// Where the sockets listen that `server.listen: systemd` means.
  package var inheritedAddresses: [ListenAddress] { inherited.addresses }

  /// Takes new settings while it runs. Limits hold for connections from now on; another `server.listen` is listened
  /// on before the old one is closed, and connections stay open.
  ///
  /// - Returns: The new address, if it has changed.
  /// - Throws: Nothing has changed then.
  @discardableResult
  package func apply(_ settings: ServerSettings) async throws(ListenError) -> ListenAddress? {
    let previous = self.settings.withLockedValue { $0 }
    // First: nobody is to come by the new address under the old rules.
    initializer.apply(settings)
    var moved: ListenAddress?
    if settings.listen != previous.listen {
      do throws(ListenError) {
        moved = try await sockets.move(
          to: settings.listen, bind: bind, inherit: inherit, close: leave)
      } catch {
        initializer.apply(previous)
        throw error
      }
    }
    self.settings.withLockedValue { $0 = settings }
    return moved
  }

  private func bind(_ address: ListenAddress) async throws -> (socket: Socket, port: Int) {
    let channel = try await makeBootstrap().bind(host: address.host, port: address.port).get()
    return (Socket(channel: channel, isInherited: false), channel.localAddress?.port ?? address.port)
  }

  /// One channel for each socket, as for an address: connections are shared among all event loops.
  private func inherit() async throws -> [(socket: Socket, address: ListenAddress)] {
    var opened: [(socket: Socket, address: ListenAddress)] = []
    for (descriptor, address) in try inherited.copies(for: "server.listen") {
      let queue = ListenQueue(of: descriptor)
      do {
        let channel = try await makeBootstrap().withBoundSocket(descriptor).get()
        opened.append((Socket(channel: channel, isInherited: true), address))
      } catch {
        await Self.close(opened.map(\.socket))
        throw error
      }
      queue.restore(on: descriptor)
    }
    return opened
  }

  private static func close(_ sockets: [Socket]) async {
    for socket in sockets { try? await socket.channel.close() }
  }

  /// Accepts what has come until now, then closes the sockets. They are closed only when every connection that was accepted has its
  /// place: one that is on its way to its event loop when its server's channel closes would be closed unanswered. What the system has
  /// completed by then, and nobody has accepted, would be reset: it is accepted at last, and gets its place in the same way.
  private func leave(_ sockets: [Socket]) async {
    for socket in sockets { try? await socket.channel.setOption(.autoRead, value: false).get() }
    // To its event loop, back to the socket's, and to its own again.
    for _ in 0..<3 {
      for registry in initializer.registries { try? await registry.eventLoop.submit {}.get() }
    }
    var last: [EventLoopFuture<any Channel>] = []
    for socket in sockets where !socket.isInherited {
      for connection in await Self.closeTakingAll(socket.channel) { last.append(adopt(connection)) }
    }
    await Self.close(sockets.filter(\.isInherited))
    for connection in last { _ = try? await connection.get() }
  }

  /// Nothing comes between the look at the queue that finds it empty and the socket's end but what arrives in these microseconds.
  ///
  /// - Returns: The connections that waited.
  private static func closeTakingAll(_ channel: any Channel) async -> [Int32] {
    let taken = channel.eventLoop.submit { () -> [Int32] in
      let pipeline = channel.pipeline.syncOperations
      let connections = try? pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
        AcceptQueue.takeAll(of: $0)
      }
      channel.close(promise: nil)
      return connections ?? []
    }
    let connections = (try? await taken.get()) ?? []
    try? await channel.closeFuture.get()
    return connections
  }

  /// Serves a connection that was accepted without its server's channel.
  private func adopt(_ connection: Int32) -> EventLoopFuture<any Channel> {
    ClientBootstrap(group: eventLoopGroup)
      .channelInitializer(prepare)
      .withConnectedSocket(connection)
  }

  /// Makes a connection that was accepted one that is served.
  private var prepare: @Sendable (any Channel) -> EventLoopFuture<Void> {
    { [initializer] channel in
      Self.connectionOptions.applyAllChannelOptions(to: channel).flatMap { initializer.initialize(channel) }
    }
  }

  /// Stops accepting, closes idle connections, lets requests in flight finish for at most `drain`, then closes
  /// what is left. Returns when no connection is open. May be called again.
  ///
  /// A receiver may complete after that, but not after the event loops have been shut down.
  package func shutdown(drain: Duration) async {
    await leave(sockets.shutDown())
    let drain = TimeAmount(drain)
    let loops = initializer.registries.map { registry in
      registry.eventLoop.flatSubmit { registry.quiesce(drain: drain) }
    }
    for loop in loops { try? await loop.get() }
  }

  private func makeBootstrap() -> ServerBootstrap {
    ServerBootstrap(group: eventLoopGroup)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer(prepare)
  }

  private static let connectionOptions: ChannelOptions.Storage = {
    var options = ChannelOptions.Storage()
    options.append(key: .tcpOption(.tcp_nodelay), value: 1)
    options.append(key: .allowRemoteHalfClosure, value: true)
    // One buffer per connection, small while little comes: an idle connection keeps it.
    options.append(key: .maxMessagesPerRead, value: 1)
    options.append(
      key: .recvAllocator,
      value: AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 2 << 10, maximum: 16 << 10))
    return options
  }()
}

extension IngestServer: AnswerGathering {
  package func beginGathering() {
    for registry in initializer.registries { registry.replies.beginGathering() }
  }

  package func endGathering() {
    for registry in initializer.registries { registry.replies.endGathering() }
  }
}

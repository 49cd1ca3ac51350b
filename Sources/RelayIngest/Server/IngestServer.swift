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
  private let sockets = ListeningSockets<any Channel>(key: "server.listen")

  /// - Parameters:
  ///   - inherited: What `server.listen: systemd` listens on.
  ///   - firstRequestPatience: How long a shutdown waits for the request of a connection that has just been made.
  package init(
    settings: ServerSettings, receiver: any EnvelopeReceiver, eventLoopGroup: MultiThreadedEventLoopGroup,
    inherited: InheritedSockets = .none, firstRequestPatience: Duration = .seconds(1)
  ) {
    self.inherited = inherited
    self.settings = NIOLockedValueBox(settings)
    self.eventLoopGroup = eventLoopGroup
    initializer = ConnectionInitializer(
      ingest: IngestContext(
        limits: ConnectionLimits(settings, firstRequestPatience: TimeAmount(firstRequestPatience)),
        receiver: receiver,
        budget: InflightBudget(
          limitBytes: settings.maxInflightBytes, largestBodyBytes: settings.maxBodyBytes)),
      limit: ConnectionLimit(maxOpen: settings.maxConnections), eventLoopGroup: eventLoopGroup)
  }

  /// Listens on `server.listen`; returns the address with the port that the system gave.
  package func start() async throws(ListenError) -> ListenAddress {
    try await sockets.start(
      at: settings.withLockedValue { $0.listen }, bind: bind, inherit: inherit, close: Self.close)
  }

  /// Takes new settings while it runs. Limits hold for connections from now on; another `server.listen` is listened
  /// on before the old one is closed, and connections stay open.
  ///
  /// - Returns: The new address, if it has changed.
  /// - Throws: Nothing has changed then.
  @discardableResult
  package func apply(_ settings: ServerSettings) async throws(ListenError) -> ListenAddress? {
    var moved: ListenAddress?
    if settings.listen != self.settings.withLockedValue({ $0.listen }) {
      moved = try await sockets.move(
        to: settings.listen, bind: bind, inherit: inherit, close: leave)
    }
    self.settings.withLockedValue { $0 = settings }
    initializer.apply(settings)
    return moved
  }

  private func bind(_ address: ListenAddress) async throws -> (socket: any Channel, port: Int) {
    let channel = try await makeBootstrap().bind(host: address.host, port: address.port).get()
    return (channel, channel.localAddress?.port ?? address.port)
  }

  /// One channel for each socket, as for an address: connections are shared among all event loops.
  private func inherit() async throws -> [(socket: any Channel, address: ListenAddress)] {
    var opened: [(socket: any Channel, address: ListenAddress)] = []
    for (descriptor, address) in try inherited.copies(for: "server.listen") {
      let queue = ListenQueue(of: descriptor)
      do {
        opened.append((try await makeBootstrap().withBoundSocket(descriptor).get(), address))
      } catch {
        await Self.close(opened.map(\.socket))
        throw error
      }
      queue.restore(on: descriptor)
    }
    return opened
  }

  private static func close(_ channels: [any Channel]) async {
    for channel in channels { try? await channel.close() }
  }

  /// Accepts no more, and closes the sockets only when every connection that was accepted has its place: one that is on its way
  /// to its event loop when its server's channel closes would be closed unanswered.
  private func leave(_ channels: [any Channel]) async {
    for channel in channels { try? await channel.setOption(.autoRead, value: false).get() }
    // To its event loop, back to the socket's, and to its own again.
    for _ in 0..<3 {
      for registry in initializer.registries { try? await registry.eventLoop.submit {}.get() }
    }
    await Self.close(channels)
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
    let initializer = self.initializer
    return ServerBootstrap(group: eventLoopGroup)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // One buffer per connection, small while little comes: an idle connection keeps it.
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(
        .recvAllocator,
        value: AdaptiveRecvByteBufferAllocator(minimum: 1 << 10, initial: 2 << 10, maximum: 16 << 10)
      )
      .childChannelInitializer { initializer.initialize($0) }
  }
}

extension IngestServer: AnswerGathering {
  package func beginGathering() {
    for registry in initializer.registries { registry.replies.beginGathering() }
  }

  package func endGathering() {
    for registry in initializer.registries { registry.replies.endGathering() }
  }
}

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RelayCore
import RelayPipeline

/// The ingest: takes envelopes over HTTP/1.1 and hands them to a receiver.
///
/// All work happens on the event loops. Memory is bounded by `server.max_inflight` for bodies and by
/// `server.max_connections` for all else: some 10 KiB each.
public final class IngestServer: Sendable {
  private let settings: NIOLockedValueBox<ServerSettings>
  private let eventLoopGroup: MultiThreadedEventLoopGroup
  private let initializer: ConnectionInitializer
  private let listener = IngestListener()

  public init(
    settings: ServerSettings, receiver: any EnvelopeReceiver, eventLoopGroup: MultiThreadedEventLoopGroup
  ) {
    self.settings = NIOLockedValueBox(settings)
    self.eventLoopGroup = eventLoopGroup
    initializer = ConnectionInitializer(
      ingest: IngestContext(
        limits: ConnectionLimits(settings), receiver: receiver,
        budget: InflightBudget(limitBytes: settings.maxInflightBytes)),
      limit: ConnectionLimit(maxOpen: settings.maxConnections), eventLoopGroup: eventLoopGroup)
  }

  /// Listens on `server.listen`; returns the address with the port that the system gave.
  ///
  /// - Throws: `IngestServerError`.
  public func start() async throws -> ListenAddress {
    let address = settings.withLockedValue { $0.listen }
    do {
      try await listener.beginStart()
    } catch .alreadyStarted {
      throw IngestServerError(.alreadyStarted, address: address, reason: "already listening")
    } catch .shutDown {
      throw IngestServerError(.shutDown, address: address, reason: "this server has been shut down")
    }
    let channel: any Channel
    do throws(IngestServerError) {
      channel = try await bind(address)
    } catch {
      await listener.startFailed()
      throw error
    }
    guard await listener.started(channel) else {
      try? await channel.close()
      throw IngestServerError(.shutDown, address: address, reason: "shut down while starting")
    }
    return ListenAddress(host: address.host, port: channel.localAddress?.port ?? address.port)
  }

  /// Takes new settings while it runs. Limits hold for connections from now on; another `server.listen` is listened
  /// on before the old one is closed, and connections stay open.
  ///
  /// - Returns: The new address, if it has changed.
  /// - Throws: `IngestServerError`; then nothing has changed.
  @discardableResult
  public func apply(_ settings: ServerSettings) async throws(IngestServerError) -> ListenAddress? {
    let address = settings.listen
    var moved: ListenAddress?
    if address != self.settings.withLockedValue({ $0.listen }), await listener.isListening {
      let channel = try await bind(address)
      moved = ListenAddress(host: address.host, port: channel.localAddress?.port ?? address.port)
      try? await listener.replace(with: channel).close()
    }
    self.settings.withLockedValue { $0 = settings }
    initializer.apply(settings)
    return moved
  }

  private func bind(_ address: ListenAddress) async throws(IngestServerError) -> any Channel {
    do {
      return try await makeBootstrap().bind(host: address.host, port: address.port).get()
    } catch {
      throw IngestServerError(binding: address, failedWith: error)
    }
  }

  /// Stops accepting, closes idle connections, lets requests in flight finish for at most `drain`, then closes
  /// what is left. Returns when no connection is open. May be called again.
  ///
  /// A receiver may complete after that, but not after the event loops have been shut down.
  public func shutdown(drain: Duration) async {
    if let channel = await listener.shutDown() { try? await channel.close() }
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

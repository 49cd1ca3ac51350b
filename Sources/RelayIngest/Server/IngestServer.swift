import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RelayCore
import RelayPipeline

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The ingest: takes envelopes over HTTP/1.1 and hands them to a receiver.
///
/// All work happens on the event loops. Memory is bounded by `server.max_inflight` for bodies and by
/// `server.max_connections` for all else: some 10 KiB each.
package final class IngestServer: Sendable {
  private let settings: NIOLockedValueBox<ServerSettings>
  private let eventLoopGroup: MultiThreadedEventLoopGroup
  private let initializer: ConnectionInitializer
  private let listener = IngestListener()

  package init(
    settings: ServerSettings, receiver: any EnvelopeReceiver, eventLoopGroup: MultiThreadedEventLoopGroup
  ) {
    self.settings = NIOLockedValueBox(settings)
    self.eventLoopGroup = eventLoopGroup
    initializer = ConnectionInitializer(
      ingest: IngestContext(
        limits: ConnectionLimits(settings), receiver: receiver,
        budget: InflightBudget(
          limitBytes: settings.maxInflightBytes, largestBodyBytes: settings.maxBodyBytes)),
      limit: ConnectionLimit(maxOpen: settings.maxConnections), eventLoopGroup: eventLoopGroup)
  }

  /// Listens on `server.listen`; returns the address with the port that the system gave.
  ///
  /// - Throws: `IngestServerError`.
  package func start() async throws -> ListenAddress {
    let address = settings.withLockedValue { $0.listen }
    do {
      try await listener.beginStart()
    } catch .alreadyStarted {
      throw IngestServerError(.alreadyStarted, address: address, reason: "already listening")
    } catch .shutDown {
      throw IngestServerError(.shutDown, address: address, reason: "this server has been shut down")
    }
    let channels: [any Channel]
    do throws(IngestServerError) {
      channels = try await bind(address)
    } catch {
      await listener.startFailed()
      throw error
    }
    guard await listener.started(channels) else {
      await Self.close(channels)
      throw IngestServerError(.shutDown, address: address, reason: "shut down while starting")
    }
    return address.bound(to: channels)
  }

  /// Takes new settings while it runs. Limits hold for connections from now on; another `server.listen` is listened
  /// on before the old one is closed, and connections stay open.
  ///
  /// - Returns: The new address, if it has changed.
  /// - Throws: `IngestServerError`; then nothing has changed.
  @discardableResult
  package func apply(_ settings: ServerSettings) async throws(IngestServerError) -> ListenAddress? {
    let address = settings.listen
    var moved: ListenAddress?
    if address != self.settings.withLockedValue({ $0.listen }), await listener.isListening {
      let channels = try await bind(address)
      moved = address.bound(to: channels)
      await Self.close(listener.replace(with: channels))
    }
    self.settings.withLockedValue { $0 = settings }
    initializer.apply(settings)
    return moved
  }

  /// Binds all that the address names, or nothing.
  private func bind(_ address: ListenAddress) async throws(IngestServerError) -> [any Channel] {
    var attempts = 8
    while true {
      var channels: [any Channel] = []
      do {
        for place in address.places {
          // The system chooses a port once; the others take it too.
          let port = channels.first?.localAddress?.port ?? address.port
          do {
            channels.append(try await makeBootstrap().bind(host: place, port: port).get())
          } catch let error as IOError where error.saysNoSuchAddress && address.places.count > 1 {
            // A machine without IPv6, or with nothing else: one of the two is enough.
            if place == address.places.last, channels.isEmpty { throw error }
          }
        }
        return channels
      } catch {
        await Self.close(channels)
        attempts -= 1
        // The port that the system chose for one address is somebody else's on the other.
        if address.port == 0, !channels.isEmpty, attempts > 0 { continue }
        throw IngestServerError(binding: address, failedWith: error)
      }
    }
  }

  private static func close(_ channels: [any Channel]) async {
    for channel in channels { try? await channel.close() }
  }

  /// Stops accepting, closes idle connections, lets requests in flight finish for at most `drain`, then closes
  /// what is left. Returns when no connection is open. May be called again.
  ///
  /// A receiver may complete after that, but not after the event loops have been shut down.
  package func shutdown(drain: Duration) async {
    await Self.close(listener.shutDown())
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

extension ListenAddress {
  fileprivate func bound(to channels: [any Channel]) -> ListenAddress {
    ListenAddress(host: host, port: channels.first?.localAddress?.port ?? port)
  }
}

extension IOError {
  fileprivate var saysNoSuchAddress: Bool { errnoCode == EADDRNOTAVAIL || errnoCode == EAFNOSUPPORT }
}

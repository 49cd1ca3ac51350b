import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import RelayCore
import RelayListening
import RelayPipeline
import RelayThreads

/// The listener of `server.attachments`: gives the files of events to who has a signed link, and nothing else to anybody.
///
/// It has a socket of its own, so that what is a matter of one's own network is never on the port that the Internet reaches.
package final class FileServer: Sendable {
  private typealias Sockets = ListeningSockets<any Channel>

  private struct State {
    /// nil: it does not listen.
    var sockets: Sockets?
    /// As the settings say; nil: off.
    var address: ListenAddress?
    var hasStarted = false
    var hasEnded = false
  }

  private let library: FileLibrary
  private let limits: FileLimits
  private let eventLoopGroup: any EventLoopGroup
  private let state = Locked(State())

  /// - Parameters:
  ///   - linker: Knows the relay's own links.
  ///   - shelf: Where the files are.
  package init(
    linker: AttachmentLinker, shelf: any AttachmentShelf, clock: any WallClock,
    eventLoopGroup: any EventLoopGroup, logger: Logger, limits: FileLimits = FileLimits()
  ) {
    library = FileLibrary(linker: linker, shelf: shelf, clock: clock, logger: logger)
    self.limits = limits
    self.eventLoopGroup = eventLoopGroup
    connections = FileConnections(limit: limits.maxConnections)
  }

  /// Where the settings have it listen, whether or not it does.
  package var address: ListenAddress? { state.withLock { $0.address } }

  /// Its clients.
  let connections: FileConnections

  /// Listens there, and no longer elsewhere. Connections stay. One call after another: never two at once.
  ///
  /// - Parameter address: `server.attachments`; nil: nowhere.
  /// - Returns: Where it listens, with the port that the system gave; nil: nothing has changed, or it listens nowhere.
  /// - Throws: Nothing has changed then.
  @discardableResult
  package func apply(_ address: ListenAddress?) async throws(ListenError) -> ListenAddress? {
    let (current, old) = state.withLock { ($0.sockets, $0.address) }
    guard address != old else { return nil }
    var bound: ListenAddress?
    var sockets = current
    if let address {
      if let current {
        bound = try await current.move(to: address, bind: bind, close: Self.close)
      } else {
        let opening = Sockets(key: "server.attachments")
        bound = try await opening.start(at: address, bind: bind, close: Self.close)
        sockets = opening
      }
    } else {
      await Self.close(current?.shutDown() ?? [])
      sockets = nil
    }
    let (isWanted, isFirst) = state.withLock { state in
      guard !state.hasEnded else { return (false, false) }
      defer { state.hasStarted = state.hasStarted || sockets != nil }
      (state.sockets, state.address) = (sockets, address)
      return (true, !state.hasStarted && sockets != nil)
    }
    if !isWanted { await Self.close(sockets?.shutDown() ?? []) }
    if isFirst { library.start() }
    return isWanted ? bound : nil
  }

  /// Accepts no more, lets answers that are under way end for at most `limit`, then closes what is left. May be called again.
  package func shutdown(within limit: Duration) async {
    let (sockets, hasStarted) = state.withLock { state in
      defer { (state.sockets, state.hasEnded, state.hasStarted) = (nil, true, false) }
      return (state.sockets, state.hasStarted)
    }
    await Self.close(sockets?.shutDown() ?? [])
    await connections.quiesce(within: TimeAmount(limit))
    if hasStarted { library.stop() }
  }

  private func bind(_ address: ListenAddress) async throws -> (socket: any Channel, port: Int) {
    let channel = try await makeBootstrap().bind(host: address.host, port: address.port).get()
    return (channel, channel.localAddress?.port ?? address.port)
  }

  private static func close(_ channels: [any Channel]) async {
    for channel in channels { try? await channel.close() }
  }

  private struct TurnedAway: Error {}

  /// A request here is a path of 160 bytes and a few header lines.
  private static let decoderLimits: NIOHTTPDecoderLimitConfiguration = {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = 8 << 10
    limits.maxHeaderListSize = 16 << 10
    limits.maxHeaderFieldCount = 100
    return limits
  }()

  private func makeBootstrap() -> ServerBootstrap {
    let (library, limits, connections) = (library, limits, connections)
    return ServerBootstrap(group: eventLoopGroup)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        guard connections.admit(channel) else { return channel.eventLoop.makeFailedFuture(TurnedAway()) }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: Self.decoderLimits)
          try channel.pipeline.syncOperations.addHandler(FileConnection(library: library, limits: limits))
        }
      }
  }
}

import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import RelayCore
import RelayListening
import RelayTestSupport
import Testing

@testable import RelayAdmin

struct AdminChannelTests {
  enum Moment: CaseIterable {
    /// The server takes in nothing any more; its socket's handlers are still there, and begin the connection.
    case asTheSocketCloses
    /// Nobody is left who would begin it.
    case afterwards
  }

  /// A connection whose set-up ends too late, as it can on an event loop that is not the server's.
  @Test(.timeLimit(.minutes(1)), arguments: Moment.allCases)
  func aConnectionThatComesToAServerThatClosesIsClosed(_ moment: Moment) async throws {
    let group = MultiThreadedEventLoopGroup.singleton.next()
    let (isAccepted, listening) = (Latch(), AsyncStream.makeStream(of: (any Channel).self))
    let maySetUp = group.makePromise(of: Void.self)
    let http = HTTP1Channel(responder: { _, _, _ in })
    let channel = AdminChannel(
      plain: http, secured: http, certificates: ListenerCertificates(of: .admin),
      handshakes: HandshakeLog(logger: .quiet, clock: FixedClock()))
    let server = Server(
      childChannelSetup: HeldChannel(
        inner: channel, isAccepted: isAccepted,
        maySetUp: maySetUp.futureResult),
      configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { listening.continuation.yield($0) }, eventLoopGroup: group, logger: .quiet)
    let running = Task { try await server.run() }
    var started = listening.stream.makeAsyncIterator()
    let socket = try #require(await started.next())
    if moment == .asTheSocketCloses {
      try await socket.pipeline.addHandler(OnInactive { maySetUp.succeed() }).get()
    }
    let address = try #require(socket.localAddress)
    let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(to: address)
      .get()
    await isAccepted.wait()
    let shutdown = Task { try await server.shutdownGracefully() }
    try await socket.closeFuture.get()
    if moment == .afterwards { maySetUp.succeed() }
    try await client.closeFuture.get()
    try await shutdown.value
    try await running.value
    await channel.waitForClosings()
  }
}

/// Sets a connection up once it may.
private struct HeldChannel: ServerChildChannel {
  let inner: AdminChannel
  let isAccepted: Latch
  let maySetUp: EventLoopFuture<Void>

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<AcceptedConnection> {
    isAccepted.open()
    return maySetUp.flatMap { inner.setup(channel: channel, logger: logger) }
  }

  func handle(value: AcceptedConnection, logger: Logger) async {
    await inner.handle(value: value, logger: logger)
  }
}

private final class OnInactive: ChannelInboundHandler, Sendable {
  typealias InboundIn = Any

  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }

  func channelInactive(context: ChannelHandlerContext) {
    body()
    context.fireChannelInactive()
  }
}

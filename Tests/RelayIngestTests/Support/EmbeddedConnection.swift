import NIOCore
import NIOEmbedded
import RelayCore
import RelayPipeline

@testable import RelayIngest

/// One connection on an `EmbeddedChannel`, with time that the test moves.
final class EmbeddedConnection {
  let receiver: RecordingReceiver
  let budget: InflightBudget
  let limit: ConnectionLimit
  let registry: ConnectionRegistry
  let trust: ProxyTrust
  let socket = SocketDouble()
  let channel: EmbeddedChannel
  /// Where the connection is from, as it finds its address.
  static let peer = "127.0.0.1"
  let handler: IngestHandler

  init(
    settings: ServerSettings = ServerSettings(), receiver: RecordingReceiver = RecordingReceiver(),
    admission: ConnectionAdmission = .open
  ) throws {
    self.receiver = receiver
    budget = InflightBudget(limitBytes: settings.maxInflightBytes, largestBodyBytes: settings.maxBodyBytes)
    limit = ConnectionLimit(maxOpen: settings.maxConnections)
    trust = ProxyTrust(settings.trustedProxies)
    let loop = EmbeddedEventLoop()
    registry = ConnectionRegistry(eventLoop: loop, limit: limit)
    handler = IngestHandler(
      ingest: IngestContext(
        limits: ConnectionLimits(settings), receiver: receiver, budget: budget, trust: trust,
        readsProxyHeaders: settings.proxyProtocol),
      registry: registry, admission: admission, now: loop.now)
    channel = EmbeddedChannel(loop: loop)
    try channel.pipeline.syncOperations.addHandlers([
      socket, handler, RequestParser.makeHandler(), RequestPartHandler(connection: handler),
    ])
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  var loop: EmbeddedEventLoop { channel.embeddedEventLoop }
  var isClosed: Bool { socket.isClosed }
  /// Whether it waits for a request, and nothing waits in it.
  var isIdle: Bool { handler.idleSince != nil }

  /// When the connection's one task is due.
  var timerDeadline: NIODeadline? { handler.wakesAt }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
    channel.pipeline.fireChannelReadComplete()
    loop.run()
  }

  func closeInput() {
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    loop.run()
  }

  func quiesce() {
    handler.quiesce()
    loop.run()
  }

  func advance(by time: Duration) { loop.advanceTime(by: TimeAmount(time)) }

  /// What has been sent since the last call.
  func output() throws -> String {
    var text = ""
    while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
    return text
  }

  /// The statuses of the replies sent since the last call.
  func statuses() throws -> [Int] { try output().statuses }
}

extension String {
  /// Of the responses that stand here one after another.
  var statuses: [Int] {
    split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).dropFirst().compactMap {
      Int($0.prefix(3))
    }
  }
}

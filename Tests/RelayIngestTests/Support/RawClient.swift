import NIOCore
import NIOPosix
import NIOSSL
import RelayCore

/// A TCP client that sends what it is told and shows what comes.
final class RawClient {
  private let channel: any Channel
  private let input: AsyncStream<String>
  private var unread = ""

  private init(channel: any Channel, input: AsyncStream<String>) {
    self.channel = channel
    self.input = input
  }

  /// - Parameter tls: What it speaks TLS with; nil: it does not.
  static func connect(
    to address: ListenAddress, tls: TLSConfiguration? = nil
  ) async throws -> RawClient {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let (input, continuation) = AsyncStream<String>.makeStream()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            let handler = try NIOSSLClientHandler(context: context, serverHostname: nil)
            try channel.pipeline.syncOperations.addHandler(handler)
          }
          try channel.pipeline.syncOperations.addHandler(InputHandler(continuation))
        }
      }
      .connect(host: address.host, port: address.port).get()
    return RawClient(channel: channel, input: input)
  }

  /// From here on it speaks TLS.
  func startTLS(_ configuration: TLSConfiguration) async throws {
    let (channel, context) = (channel, try NIOSSLContext(configuration: configuration))
    try await channel.eventLoop.submit {
      let handler = try NIOSSLClientHandler(context: context, serverHostname: nil)
      try channel.pipeline.syncOperations.addHandler(handler, position: .first)
    }.get()
  }

  func send(_ text: String) async throws {
    try await channel.writeAndFlush(ByteBuffer(string: text))
  }

  func closeOutput() async throws { try await channel.close(mode: .output) }

  /// As one that ends its side of the connection, and says nothing of that by TLS.
  func closeOutputWithoutFarewell() async throws {
    let channel = channel
    try await channel.eventLoop.flatSubmit {
      let promise = channel.eventLoop.makePromise(of: Void.self)
      do {
        let tls = try channel.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self)
        tls.close(mode: .output, promise: promise)
      } catch {
        promise.fail(error)
      }
      return promise.futureResult
    }.get()
  }

  func close() async throws { try await channel.close() }

  /// The next response, whole; nil if the server ends the connection before that.
  func response() async -> String? {
    while true {
      if let response = takeResponse() { return response }
      guard await more() else { return nil }
    }
  }

  /// All that comes until the server ends the connection.
  func rest() async -> String {
    while await more() {}
    defer { unread = "" }
    return unread
  }

  /// Sends without end, until the connection doesn't take any more; how many bytes it took.
  func sendEndlessly() async -> Int {
    let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10)
    var sent = 0
    while (try? await channel.writeAndFlush(piece)) != nil { sent += piece.readableBytes }
    return sent
  }

  private func more() async -> Bool {
    for await text in input {
      unread += text
      return true
    }
    return false
  }

  private func takeResponse() -> String? {
    guard let head = unread.firstRange(of: "\r\n\r\n") else { return nil }
    var bodyBytes = 0
    if let length = unread[..<head.lowerBound].firstMatch(of: /content-length: (\d+)/) {
      bodyBytes = Int(length.1) ?? 0
    }
    guard let end = unread.index(head.upperBound, offsetBy: bodyBytes, limitedBy: unread.endIndex) else {
      return nil
    }
    defer { unread = String(unread[end...]) }
    return String(unread[..<end])
  }
}

/// Passes on what is read, and when it ends.
private final class InputHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let continuation: AsyncStream<String>.Continuation

  init(_ continuation: AsyncStream<String>.Continuation) {
    self.continuation = continuation
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    continuation.yield(String(buffer: unwrapInboundIn(data)))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed { continuation.finish() }
  }

  func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

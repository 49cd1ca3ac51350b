import NIOCore
import NIOPosix
import RelayCore

/// A TCP client that sends what it is told, and reads only when it is told to.
final class FileClient {
  struct Answer: Equatable {
    var status: Int
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private let channel: any Channel
  private let input: AsyncStream<[UInt8]>
  private var unread: [UInt8] = []

  private init(channel: any Channel, input: AsyncStream<[UInt8]>) {
    self.channel = channel
    self.input = input
  }

  static func connect(to address: ListenAddress) async throws -> FileClient {
    let (input, continuation) = AsyncStream<[UInt8]>.makeStream()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.socketOption(.so_rcvbuf), value: 16 << 10)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(InputHandler(continuation))
        }
      }
      .connect(host: address.host, port: address.port).get()
    return FileClient(channel: channel, input: input)
  }

  func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

  func get(_ target: String, method: String = "GET", _ headers: String...) async throws {
    let lines = (["\(method) \(target) HTTP/1.1", "host: relay"] + headers).joined(separator: "\r\n")
    try await send(lines + "\r\n\r\n")
  }

  func closeOutput() async throws { try await channel.close(mode: .output) }

  func close() async throws { try await channel.close() }

  /// The next answer, whole; nil: the connection ended before that.
  ///
  /// - Parameter isHead: It is a head alone.
  func answer(isHead: Bool = false) async -> Answer? {
    while true {
      if let answer = takeAnswer(isHead: isHead) { return answer }
      guard await more() else { return nil }
    }
  }

  /// All that comes until the server ends the connection.
  func rest() async -> [UInt8] {
    while await more() {}
    defer { unread = [] }
    return unread
  }

  private func more() async -> Bool {
    try? await channel.setOption(.autoRead, value: true).get()
    for await bytes in input {
      unread += bytes
      return true
    }
    return false
  }

  private func takeAnswer(isHead: Bool) -> Answer? {
    guard let end = unread.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: unread[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts[1].trimmingPrefix(" ").description
    }
    let bytes = isHead ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
    guard unread.count >= end.upperBound + bytes else { return nil }
    defer { unread.removeFirst(end.upperBound + bytes) }
    return Answer(
      status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: headers,
      body: Array(unread[end.upperBound..<end.upperBound + bytes]))
  }
}

/// Passes on what is read, and when it ends.
private final class InputHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let continuation: AsyncStream<[UInt8]>.Continuation

  init(_ continuation: AsyncStream<[UInt8]>.Continuation) { self.continuation = continuation }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    continuation.yield(Array(unwrapInboundIn(data).readableBytesView))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed { continuation.finish() }
  }

  func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

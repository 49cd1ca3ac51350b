import NIOCore
import NIOPosix
import RelayCore

/// Reads an answer that goes on, as far as a test wants it.
struct StreamClient {
  private var pieces: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  /// All that has come.
  private(set) var text = ""

  /// - Parameter lines: Of the request's head, without `Host`.
  static func get(
    _ target: String, version: String = "1.1", headers: [String] = [], from server: LiveServer,
    _ body: (inout StreamClient) async throws -> Void
  ) async throws {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: server.address.host, port: server.address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    try await channel.executeThenClose { inbound, outbound in
      let lines = ["GET \(target) HTTP/\(version)", "Host: \(server.address)"] + headers
      try await outbound.write(ByteBuffer(string: lines.map { $0 + "\r\n" }.joined() + "\r\n"))
      var client = StreamClient(pieces: inbound.makeAsyncIterator())
      try await body(&client)
    }
  }

  /// Waits until the text holds this; to its end, if it never does.
  ///
  /// - Returns: Whether it does.
  @discardableResult
  mutating func read(until needle: String) async throws -> Bool {
    while !text.contains(needle) {
      guard let piece = try await pieces.next() else { return false }
      text += String(buffer: piece)
    }
    return true
  }

  mutating func readToEnd() async throws -> RawAnswer {
    while let piece = try await pieces.next() { text += String(buffer: piece) }
    return RawAnswer(Array(text.utf8))
  }
}

import NIOCore
import NIOHTTP1
import RelayPipeline

/// Hands what the decoder makes back to the connection's `IngestHandler`.
final class RequestPartHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let connection: IngestHandler

  init(connection: IngestHandler) {
    self.connection = connection
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): connection.received(.head(head))
    case .body(let bytes): connection.received(.body(bytes))
    case .end: connection.received(.end)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.decoderFailed(error)
  }
}

@available(*, unavailable)
extension RequestPartHandler: Sendable {}  // Confined to its channel's event loop.

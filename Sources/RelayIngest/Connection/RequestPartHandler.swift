import NIOCore
import NIOHTTP1
import RelayPipeline

/// What the decoder makes of the bytes.
enum RequestPart {
  case head(HTTPRequestHead)
  /// The head of a request that did not need the decoder.
  case plainHead(path: String, IncomingRequest.Method, bodyBytes: Int, ConnectionOrigin)
  case body(ByteBuffer)
  case end
  /// Nothing can follow.
  case failure(Refusal)
}

/// Hands what the decoder makes back to the connection's `IngestHandler`.
final class RequestPartHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let connection: IngestHandler

  init(connection: IngestHandler) {
    self.connection = connection
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): connection.decoded(.head(head))
    case .body(let bytes): connection.decoded(.body(bytes))
    case .end: connection.decoderEndedRequest()
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.decoderFailed(error)
  }
}

@available(*, unavailable)
extension RequestPartHandler: Sendable {}  // Confined to its channel's event loop.

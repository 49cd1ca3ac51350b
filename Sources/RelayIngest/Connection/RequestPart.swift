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
  case failure(IngestReply)
}

import NIOCore
import NIOHTTP1
import RelayPipeline

/// What the decoder makes of the bytes.
enum RequestPart {
  case head(HTTPRequestHead)
  case body(ByteBuffer)
  case end
  /// Nothing can follow.
  case failure(IngestReply)
}

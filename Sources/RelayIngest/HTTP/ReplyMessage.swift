import NIOCore
import NIOHTTP1
import RelayPipeline

/// A reply as an HTTP message: with what the connection adds to it.
struct ReplyMessage: Equatable {
  static let continueBytes: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

  /// What the `connection` header says.
  enum Persistence: Equatable {
    /// Nothing: HTTP/1.1 stays open by itself.
    case keepAlive
    /// An HTTP/1.0 client is told.
    case keepAliveHTTP10
    case close
  }

  /// What the client is answered.
  enum Content: Equatable {
    case reply(IngestReply)
    /// The listener itself refuses the request: the receiver is told.
    case refusal(Refusal)
  }

  var content: Content
  var persistence: Persistence
  /// A reply to HEAD has the body's length but not the body.
  var omitsBody = false
  var reply: IngestReply {
    switch content {
    case .reply(let reply): reply
    case .refusal(let refusal): refusal.reply
    }
  }

  /// Writes status line, headers and body, ready to be sent in one piece.
  func encode(into buffer: inout ByteBuffer) {
    let reply = reply
    Self.writeStatusLine(of: reply, into: &buffer)
    buffer.writeStaticString("content-type: ")
    buffer.writeString(reply.contentType)
    buffer.writeStaticString("\r\ncontent-length: ")
    buffer.writeString(String(reply.body.count))
    for header in reply.headers {
      buffer.writeStaticString("\r\n")
      buffer.writeString(header.name)
      buffer.writeStaticString(": ")
      buffer.writeString(header.value)
    }
    switch persistence {
    case .keepAlive: break
    case .keepAliveHTTP10: buffer.writeStaticString("\r\nconnection: keep-alive")
    case .close: buffer.writeStaticString("\r\nconnection: close")
    }
    buffer.writeStaticString("\r\n\r\n")
    if !omitsBody { buffer.writeBytes(reply.body) }
  }

  private static func writeStatusLine(of reply: IngestReply, into buffer: inout ByteBuffer) {
    if reply.status == 200 {
      buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
      return
    }
    let status = HTTPResponseStatus(statusCode: reply.status)
    buffer.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
  }
}

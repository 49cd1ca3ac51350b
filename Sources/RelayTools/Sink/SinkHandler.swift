import NIOCore
import NIOHTTP1

/// One connection of a sink: gathers a request, has it answered, waits as told, writes the answer.
///
/// The pipeline before it hands over one request at a time, so an answer that waits holds back the
/// connection's next.
final class SinkHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  static let maxBodyBytes = 16 << 20

  private let respond: @Sendable (HTTPRequestHead, [UInt8]) -> SinkAnswer
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var isTooLarge = false
  private var delayed: Scheduled<Void>?

  init(respond: @escaping @Sendable (HTTPRequestHead, [UInt8]) -> SinkAnswer) {
    self.respond = respond
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
      isTooLarge = false
    case .body(let part):
      gather(part)
    case .end:
      guard let head = head.take() else { return }
      let answer = isTooLarge ? .tooLarge : respond(head, body)
      body = []
      send(answer, to: head, context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    delayed?.cancel()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  /// Reads on past the limit, keeping nothing: a sender that is cut off might never see its answer.
  private func gather(_ part: ByteBuffer) {
    isTooLarge = isTooLarge || body.count + part.readableBytes > Self.maxBodyBytes
    if isTooLarge { body = [] } else { body.append(contentsOf: part.readableBytesView) }
  }

  private func send(_ answer: SinkAnswer, to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard answer.delay > .zero else { return write(answer, to: head, context) }
    delayed = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(answer.delay)) {
      self.write(answer, to: head, context)
    }
  }

  private func write(_ answer: SinkAnswer, to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var headers: HTTPHeaders = ["connection": head.isKeepAlive ? "keep-alive" : "close"]
    let hasBody = answer.status != 204 && answer.status != 304
    if hasBody {
      headers.add(name: "content-type", value: "text/plain; charset=utf-8")
      headers.add(name: "content-length", value: String(answer.body.count))
    }
    let status = HTTPResponseStatus(statusCode: answer.status)
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: status, headers: headers))),
      promise: nil)
    if hasBody && head.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
    }
    let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if !head.isKeepAlive { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
  }
}

import NIOCore
import NIOHTTP1

/// Answers an HTTP/1.0 request as such: a client of that version knows no chunks, and some proxies speak no other to what is behind
/// them. Stands where the version is still known, which the shared HTTP types have no place for.
final class AnswerVersion: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private var isOld = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head(let head) = unwrapInboundIn(data) { isOld = head.version == .http1_0 }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard isOld, case .head(var head) = unwrapOutboundIn(data),
      !head.headers.contains(name: "content-length")
    else { return context.write(data, promise: promise) }
    // Without chunks: its end is the connection's.
    head.version = .http1_0
    context.write(wrapOutboundOut(.head(head)), promise: promise)
  }
}

@available(*, unavailable) extension AnswerVersion: Sendable {}

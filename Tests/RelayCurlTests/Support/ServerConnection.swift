import NIOCore

/// One connection of a test server.
final class ServerConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let number: Int
  private let server: TestServer
  private var reader: any RequestReader
  private var input = ByteBuffer()
  private var hasServed = false

  init(number: Int, server: TestServer) {
    self.number = number
    self.server = server
    reader = if case .http2 = server.language { HTTP2Reader() } else { HTTP1Reader() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .blurt(let text) = server.language {
      return context.channel.perform(.send(text, then: .close))
    }
    if case .http1Once = server.language, hasServed { return context.channel.perform(.reset) }
    var part = unwrapInboundIn(data)
    input.writeBuffer(&part)
    while let step = reader.next(&input) {
      switch step {
      case .reply(let bytes):
        context.channel.perform(Reaction(bytes: bytes, end: .keep))
      case .request(var request):
        request.connection = number
        hasServed = true
        server.serve(request, on: context.channel)
      }
    }
  }

  /// Clients that hang up, and failed handshakes, are part of the tests.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

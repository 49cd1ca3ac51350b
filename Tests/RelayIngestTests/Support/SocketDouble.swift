import NIOCore

/// Stands where the socket would be: `EmbeddedChannel` knows no half-closed state, no slow reader, and doesn't
/// say who has asked for what.
final class SocketDouble: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private(set) var reads = 0
  private(set) var outputIsClosed = false
  private(set) var isClosed = false
  /// Whether the peer reads nothing: writes don't come to an end.
  var withholdsWrites = false
  private var withheld: [EventLoopPromise<Void>] = []

  func read(context: ChannelHandlerContext) {
    reads += 1
    context.read()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard withholdsWrites, let promise else { return context.write(data, promise: promise) }
    withheld.append(promise)
    context.write(data, promise: nil)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output {
      outputIsClosed = true
      promise?.succeed()
      return
    }
    isClosed = true
    for promise in withheld { promise.fail(ChannelError.ioOnClosedChannel) }
    withheld = []
    context.close(mode: mode, promise: promise)
  }

  /// The peer reads again.
  func releaseWrites() {
    withholdsWrites = false
    let promises = withheld
    withheld = []
    for promise in promises { promise.succeed() }
  }
}

import NIOCore
import NIOHTTP1

/// One connection: takes a request, sends its answer piece by piece, takes the next.
///
/// A file's next piece is read when the last one has been handed to the system, so a slow client costs one piece of memory. One
/// that takes none for too long is closed, and so is one that does not say what it wants.
final class FileConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    /// For a request's head, or its end.
    case waiting(FileRequest?)
    case answering(closes: Bool)
    case closed
  }

  private let library: FileLibrary
  private let limits: FileLimits
  private var state = State.waiting(nil)
  /// Ends the connection unless it is told otherwise.
  private var deadline: Scheduled<Void>?

  init(library: FileLibrary, limits: FileLimits) {
    self.library = library
    self.limits = limits
  }

  func channelActive(context: ChannelHandlerContext) {
    expectProgress(within: limits.requestTimeout, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end()
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .waiting(let request) = state else { return }
    switch unwrapInboundIn(data) {
    case .head(let head): state = .waiting(FileRequest(head))
    case .body: break  // Whatever it is, it is not wanted.
    case .end: if let request { answer(request, context) }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      switch state {
      case .waiting: close(context)
      case .answering: state = .answering(closes: true)
      case .closed: break
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func answer(_ request: FileRequest, _ context: ChannelHandlerContext) {
    state = .answering(closes: request.closes)
    expectProgress(within: limits.pieceTimeout, context)
    library.find(request, on: context.eventLoop).assumeIsolated().whenComplete { found in
      guard case .answering = self.state else { return }
      // It fails where the listener stops.
      self.begin((try? found.get()) ?? FileLibrary.Found(answer: .unavailable), context)
    }
  }

  private func begin(_ found: FileLibrary.Found, _ context: ChannelHandlerContext) {
    var head = HTTPResponseHead(version: .http1_1, status: found.answer.status, headers: found.answer.headers)
    if case .answering(closes: true) = state { head.headers.add(name: "connection", value: "close") }
    let first = HTTPServerResponsePart.head(head)
    switch found.answer.body {
    case _ where found.answer.omitsBody: write([first], context) { self.finish(context) }
    case .text(let bytes):
      write([first, .body(.byteBuffer(ByteBuffer(bytes: bytes)))], context) { self.finish(context) }
    case .file(_, let range):
      // It is there wherever its bytes are the answer.
      guard let file = found.file else { return close(context) }
      write([first], context) { self.send(range, of: file, context) }
    }
  }

  private func send(_ range: Range<Int>, of file: StoredFile, _ context: ChannelHandlerContext) {
    guard !range.isEmpty else { return finish(context) }
    expectProgress(within: limits.pieceTimeout, context)
    let end = min(range.upperBound, range.lowerBound + limits.pieceBytes)
    library.read(range.lowerBound..<end, of: file, on: context.eventLoop).assumeIsolated().whenComplete {
      guard case .answering = self.state else { return }
      // Less than was promised: only a connection that breaks off says so.
      guard let bytes = try? $0.get() else { return self.close(context) }
      self.write([.body(.byteBuffer(ByteBuffer(bytes: bytes)))], context) {
        self.send(end..<range.upperBound, of: file, context)
      }
    }
  }

  /// - Parameter next: Done once the system has taken all of it: what a client does not take is not added to.
  private func write(
    _ parts: [HTTPServerResponsePart], _ context: ChannelHandlerContext, next: @escaping () -> Void
  ) {
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenComplete { result in
      guard case .answering = self.state else { return }
      if case .success = result { next() } else { self.close(context) }
    }
    for part in parts.dropLast() { context.write(wrapOutboundOut(part), promise: nil) }
    context.write(wrapOutboundOut(parts[parts.count - 1]), promise: sent)
    context.flush()
  }

  /// The answer's end is no bytes. With it the next request is taken, before this returns if it is there.
  private func finish(_ context: ChannelHandlerContext) {
    guard case .answering(closes: false) = state else {
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      return close(context)
    }
    state = .waiting(nil)
    expectProgress(within: limits.requestTimeout, context)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  private func expectProgress(within time: Duration, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { self.close(context) }
  }

  private func close(_ context: ChannelHandlerContext) {
    end()
    context.close(promise: nil)
  }

  private func end() {
    deadline?.cancel()
    state = .closed
  }
}

@available(*, unavailable)
extension FileConnection: Sendable {}

import NIOCore
import NIOHTTP1
import RelayCore
import RelayListening
import RelayPipeline

/// Carries out what a connection's state machine decides.
///
/// It stands before the decoder, so that it can hold back bytes or throw them away undecoded; the decoder's
/// parts come back through `RequestPartHandler`:
///
///     socket ──▶ IngestHandler ──bytes──▶ HTTPRequestDecoder ──▶ RequestPartHandler
///       ◀──replies──┘  ▲──────────────────parts───────────────────────┘
///
/// A request that is like nearly all others (`PlainRequest`) passes the decoder by:
/// docs/decisions/0011-plain-requests.md says why.
///
/// Each kind of action has one place where it is carried out: `take` (bytes), `decoded` (parts of requests), `goOn` (what has
/// waited) and `perform` (all else).
final class IngestHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let ingest: IngestContext
  private let registry: ConnectionRegistry
  /// Without a place among `max_connections` a connection is only told so; nil: it has given its place to another.
  private var admission: ConnectionAdmission?
  private var machine: ConnectionStateMachine
  private var context: ChannelHandlerContext?
  private var proxyHeader = ProxyHeaderParser()
  private var request: PresentRequest
  private var body: RequestBody?
  private var decoder = DecoderFeed()
  private var waiting = WaitingInput()
  private var timer = DeadlineTimer()
  /// Whoever looks at what has come goes on by itself.
  private var isTakingInput = false

  /// What TLS is spoken with behind the PROXY header, where one comes; else its handler stands before this one from the beginning.
  private let certificates: ListenerCertificates?

  init(
    ingest: IngestContext, registry: ConnectionRegistry, admission: ConnectionAdmission = .open,
    tlsBehindProxyHeader certificates: ListenerCertificates? = nil, now: NIODeadline
  ) {
    self.certificates = certificates
    self.ingest = ingest
    self.registry = registry
    self.admission = admission
    request = PresentRequest(trust: ingest.trust)
    machine = ConnectionStateMachine(
      limits: ingest.limits, awaitsProxyHeader: ingest.readsProxyHeaders, now: now)
  }

  // MARK: What others ask

  /// Since when nothing has been asked; nil: a request is under way, or something else is.
  var idleSince: NIODeadline? {
    waiting.isEmpty && !decoder.isBeingReplaced && admission == .open ? machine.idleSince : nil
  }

  /// When the connection's one scheduled task is due; nil: there is none.
  var wakesAt: NIODeadline? { timer.wakesAt }

  func quiesce() {
    guard let context else { return }
    perform(machine.quiesce(now: context.eventLoop.now))
  }

  /// Closes the connection, whose place another one has from now on.
  func giveUpPlace() {
    admission = nil
    close()
  }

  func close() {
    perform(machine.close())
  }

  // MARK: A connection's begin and end

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    registry.insert(self)
    if context.channel.isActive { connectionOpened(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    connectionOpened(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    perform(machine.channelClosed())
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    perform(machine.channelClosed())
    self.context = nil
    registry.remove(self, leaving: admission)
  }

  /// A socket error: whatever this connection was doing, it can't go on.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // What ends so is as whole as its length says; that it has ended comes next, as without TLS.
    if TLSFailure.isEndWithoutFarewell(error) { return }
    if let explanation = TLSFailure.explanation(of: error, at: .ingest) {
      ingest.receiver.refused(path: "", .tlsFailed(explanation), origin: request.origin)
    }
    perform(machine.close())
  }

  private func connectionOpened(_ context: ChannelHandlerContext) {
    guard timer.wakesAt == nil else { return }
    request.connectionOpened(from: context.channel.remoteAddress.flatMap(PeerAddress.Address.init))
    perform(machine.opened(admission?.refusal, now: context.eventLoop.now))
  }

  // MARK: Bytes coming in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    take(unwrapInboundIn(data), context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      machine.inputEnded()
      goOn()
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func read(context: ChannelHandlerContext) {
    perform(machine.readRequested(inputWaits: !waiting.isEmpty))
  }

  private func take(_ input: ByteBuffer, _ context: ChannelHandlerContext) {
    var input = input
    let othersTakeInput = isTakingInput
    isTakingInput = true
    defer { isTakingInput = othersTakeInput }
    while input.readableBytes > 0 {
      let action = machine.inputReceived(
        bytes: input.readableBytes,
        mustWait: othersTakeInput || !waiting.isEmpty || decoder.isBeingReplaced,
        now: context.eventLoop.now)
      switch action {
      case .readProxyHeader: readProxyHeader(from: &input, context)
      case .decodeHead:
        if decoder.isClean, takePlainRequest(&input) { continue }
        decode(decoder.cutHead(from: &input), context)
      case .decodeBody(let missingBytes):
        decode(decoder.cutBody(from: &input, missingBytes: missingBytes), context)
      case .hold: return hold(input)
      case .discard: return
      case .close: return perform(.close)
      }
    }
  }

  /// What follows the header stays in the input.
  private func readProxyHeader(from input: inout ByteBuffer, _ context: ChannelHandlerContext) {
    switch proxyHeader.take(&input) {
    case .incomplete: break
    case .complete(let client):
      if let client { request.connectionOpened(from: client) } else { request.proxyNamedNobody() }
      machine.proxyHeaderRead(now: context.eventLoop.now)
      beginTLS(with: &input, context)
    case .broken(let fault):
      perform(machine.decodingFailed(.proxyHeader(fault), now: context.eventLoop.now))
    }
  }

  /// What came with the header goes by TLS, too.
  private func beginTLS(with input: inout ByteBuffer, _ context: ChannelHandlerContext) {
    guard let security = certificates?.makeHandler() else { return }
    do {
      try context.pipeline.syncOperations.addHandler(security, position: .before(self))
    } catch {
      return perform(machine.close())
    }
    guard let rest = input.readSlice(length: input.readableBytes), rest.readableBytes > 0 else { return }
    context.pipeline.syncOperations.fireChannelRead(NIOAny(rest))
    context.pipeline.syncOperations.fireChannelReadComplete()
  }

  private func decode(_ slice: ByteBuffer, _ context: ChannelHandlerContext) {
    context.fireChannelRead(wrapInboundOut(slice))
    decoder.sliceDecoded()
    perform(machine.inputDecoded())
  }

  /// - Returns: Whether one stood at the buffer's start; then it has been read.
  private func takePlainRequest(_ input: inout ByteBuffer) -> Bool {
    let recognized = input.withUnsafeReadableBytes { bytes in
      PlainRequest(bytes).map { (head: request.plainHead(of: $0, in: bytes), body: $0.body) }
    }
    guard let recognized else { return false }
    // The body stands in the buffer to its last byte.
    let body = input.getSlice(
      at: input.readerIndex + recognized.body.lowerBound, length: recognized.body.count)!
    input.moveReaderIndex(forwardBy: recognized.body.upperBound)
    decoded(recognized.head)
    if body.readableBytes > 0 { decoded(.body(body)) }
    decoded(.end)
    return true
  }

  private func hold(_ input: ByteBuffer) {
    if !waiting.append(input, budget: ingest.budget) { machine.inputLost() }
  }

  /// Goes on with what has waited for a reply to leave.
  private func goOn() {
    guard let context, !isTakingInput else { return }
    while !decoder.isBeingReplaced {
      switch machine.next(inputWaits: !waiting.isEmpty) {
      case .none: return
      case .takeWaiting: takeWaiting(context)
      case .read: return context.read()
      case .close: return perform(.close)
      }
    }
  }

  private func takeWaiting(_ context: ChannelHandlerContext) {
    switch waiting.takeFirst(budget: ingest.budget) {
    case .part(let part):
      isTakingInput = true
      process(part, context)
      isTakingInput = false
    case .bytes(let bytes): take(bytes, context)
    case nil: break
    }
  }

  // MARK: Parts of requests

  /// What the decoder, or whoever passed it by, made of the bytes.
  func decoded(_ part: RequestPart) {
    guard let context else { return }
    switch machine.partReceived(othersWait: waiting.hasParts) {
    case .process: process(part, context)
    case .wait: if !waiting.append(part, budget: ingest.budget) { machine.inputLost() }
    case .discard: break
    }
  }

  func decoderEndedRequest() {
    decoder.requestEnded()
    decoded(.end)
  }

  func decoderFailed(_ error: any Error) {
    decoded(.failure(decoder.refusal(of: error)))
  }

  private func process(_ part: RequestPart, _ context: ChannelHandlerContext) {
    let now = context.eventLoop.now
    switch part {
    case .head(let head):
      let head = request.begin(head, ingest.receiver)
      decoder.headDecoded(stopsDecoder: head.stopsDecoder)
      begin(head.request, now: now)
    case .plainHead(let path, let method, let bodyBytes, let origin):
      let target = request.begin(path: path, origin: origin, ingest.receiver)
      begin(IncomingRequest(target: target, method: method, body: .known(bodyBytes)), now: now)
    case .body(let bytes): perform(machine.bodyReceived(bytes, now: now))
    case .end: perform(machine.endReceived(now: now))
    case .failure(let reply): perform(machine.decodingFailed(reply, now: now))
    }
  }

  private func begin(_ head: IncomingRequest, now: NIODeadline) {
    decoder.releaseHead(to: ingest.budget)
    var head = head
    if let denial = request.denial(of: head, ingest.receiver) { head.denial = denial }
    perform(machine.headReceived(head, now: now))
  }

  // MARK: Actions carried out

  private func perform(_ action: ConnectionAction) {
    guard let context else { return }
    switch action {
    case .none: break
    case .setTimer(let deadline): setTimer(to: deadline, context)
    case .startBody(let limitBytes, let coding, let sendContinue):
      body = RequestBody(limitBytes: limitBytes, coding: coding)
      if sendContinue { self.sendContinue(context) }
    case .appendBody(let bytes): append(bytes, context)
    case .chargeHead: chargeHead(context)
    case .handOver: handOver(context)
    case .send(let message, let wakeAt):
      if let wakeAt { setTimer(to: wakeAt, context) }
      send(message, context)
    case .proceed:
      request.end()
      if decoder.hasStopped { replaceDecoder(context) } else { goOn() }
    case .read: context.read()
    case .linger(let wakeAt): linger(wakeAt: wakeAt, context)
    case .close:
      forgetRequest()
      context.close(promise: nil)
    case .release:
      timer.cancel()
      forgetRequest()
    }
  }

  private func setTimer(to deadline: NIODeadline, _ context: ChannelHandlerContext) {
    timer.set(to: deadline, on: context.eventLoop) { [self] in
      timer.fired()
      guard let now = self.context?.eventLoop.now else { return }
      perform(machine.timerFired(now: now))
    }
  }

  private func append(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    switch body?.append(bytes, budget: ingest.budget) {
    case .taken: break
    case .noRoom, nil: perform(machine.memoryRefused(now: context.eventLoop.now))
    case .refused(let reply): perform(machine.bodyRefused(reply, now: context.eventLoop.now))
    }
  }

  private func chargeHead(_ context: ChannelHandlerContext) {
    if decoder.chargeHead(to: ingest.budget) { return }
    perform(machine.memoryRefused(now: context.eventLoop.now))
  }

  private func handOver(_ context: ChannelHandlerContext) {
    if let refusal = body?.end(budget: ingest.budget) {
      return perform(machine.bodyRefused(refusal, now: context.eventLoop.now))
    }
    guard let body = self.body.take() else { return perform(machine.close()) }
    let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
    let budget = ingest.budget
    let charge = body.charge
    let replies = registry.replies
    ingest.receiver.receive(path: request.path, body: body.bytes, origin: request.origin) { reply in
      budget.release(charge)
      replies.give(reply, to: connection)
    }
  }

  /// By now the connection may be gone.
  func answered(_ reply: IngestReply) {
    guard let context else { return }
    perform(machine.replied(reply, now: context.eventLoop.now))
  }

  private func send(_ message: ReplyMessage, _ context: ChannelHandlerContext) {
    freeBody()
    switch message.content {
    case .refusal(let refusal):
      ingest.receiver.refused(path: RequestPath.cut(request.path), refusal, origin: request.origin)
    case .reply: break
    }
    var buffer = context.channel.allocator.buffer(capacity: 256 + message.reply.body.count)
    message.encode(into: &buffer)
    let flushed = context.eventLoop.makePromise(of: Void.self)
    flushed.futureResult.assumeIsolated().whenSuccess { [self] in
      guard let context = self.context else { return }
      perform(machine.flushed(now: context.eventLoop.now))
    }
    context.writeAndFlush(wrapOutboundOut(buffer), promise: flushed)
  }

  private func sendContinue(_ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: 32)
    buffer.writeStaticString(ReplyMessage.continueBytes)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  private func linger(wakeAt: NIODeadline, _ context: ChannelHandlerContext) {
    setTimer(to: wakeAt, context)
    waiting.clear(budget: ingest.budget)
    context.close(mode: .output, promise: nil)
    goOn()
  }

  /// SwiftNIO's decoder looks at nothing that follows an offer of another protocol (`Upgrade: h2c`, as Java's client makes
  /// it). It is no longer needed by then: the offer was not taken up, and the next request is HTTP/1.1 again.
  private func replaceDecoder(_ context: ChannelHandlerContext) {
    let pipeline = context.pipeline.syncOperations
    guard let old = try? pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
    else { return perform(machine.close()) }
    decoder.replacementBegan()
    pipeline.removeHandler(context: old).assumeIsolated().whenComplete { [self] _ in
      decoder.replaced()
      guard let context = self.context else { return }
      do {
        try context.pipeline.syncOperations.addHandler(RequestParser.makeHandler(), position: .after(self))
      } catch {
        return perform(machine.close())
      }
      goOn()
    }
  }

  /// Memory is given back at once, not when the socket is gone.
  private func forgetRequest() {
    freeBody()
    decoder.releaseHead(to: ingest.budget)
    waiting.clear(budget: ingest.budget)
  }

  private func freeBody() {
    guard var body = body.take() else { return }
    body.release(to: ingest.budget)
  }
}

@available(*, unavailable)
extension IngestHandler: Sendable {}  // Confined to its channel's event loop.

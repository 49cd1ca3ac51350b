import NIOCore
import NIOHTTP1
import RelayPipeline

/// Actions carried out.
extension IngestHandler {
  func perform(_ action: ConnectionAction) {
    switch action {
    case .none, .appendBody: break
    case .startBody(let limitBytes, let sendContinue):
      body = BodyBuffer(limitBytes: limitBytes, coding: machine.request.coding)
      if sendContinue { self.sendContinue() }
    case .handOver: handOver()
    case .answer(let answer): send(answer)
    case .proceed:
      path = ""
      if decoderHasStopped { replaceDecoder() } else { resume() }
    case .linger: linger()
    case .close: closeChannel()
    }
  }

  func closeChannel() {
    forgetRequest()
    context?.close(promise: nil)
  }

  /// Memory is given back at once, not when the socket is gone.
  func forgetRequest() {
    freeBody()
    head.clear(budget: ingest.budget)
    waitingParts.clear(budget: ingest.budget)
    held.clear(budget: ingest.budget)
  }

  private func handOver() {
    guard let context else { return }
    guard body?.isWhole == true else {
      return perform(machine.bodyRefused(.undecodable(machine.request.coding), now: context.eventLoop.now))
    }
    body?.releaseInflater(to: ingest.budget)
    guard let body = self.body.take() else { return }
    let eventLoop = context.eventLoop
    let connection = NIOLoopBound(self, eventLoop: eventLoop)
    let budget = ingest.budget
    let charge = body.charge
    ingest.receiver.receive(path: path, body: body.bytes, origin: origin) { reply in
      budget.release(charge)
      if eventLoop.inEventLoop {
        connection.value.answered(reply)
      } else {
        eventLoop.execute { connection.value.answered(reply) }
      }
    }
  }

  /// By now the connection may be gone.
  private func answered(_ reply: IngestReply) {
    guard let context else { return }
    perform(machine.replied(reply, now: context.eventLoop.now))
  }

  private func send(_ answer: Answer) {
    guard let context else { return }
    freeBody()
    if answer.isRefusal {
      ingest.receiver.refused(path: RequestPath.cut(path), reply: answer.reply, origin: origin)
    }
    rearmTimerForEarlierDeadline()
    var buffer = context.channel.allocator.buffer(capacity: 256 + answer.reply.body.count)
    answer.encode(into: &buffer)
    let flushed = context.eventLoop.makePromise(of: Void.self)
    flushed.futureResult.assumeIsolated().whenSuccess { [self] in
      guard let context = self.context else { return }
      perform(machine.flushed(now: context.eventLoop.now))
    }
    context.writeAndFlush(wrapOutboundOut(buffer), promise: flushed)
  }

  private func sendContinue() {
    guard let context else { return }
    var buffer = context.channel.allocator.buffer(capacity: 32)
    buffer.writeStaticString(Answer.continueBytes)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }

  private func linger() {
    guard let context else { return }
    rearmTimerForEarlierDeadline()
    waitingParts.clear(budget: ingest.budget)
    held.clear(budget: ingest.budget)
    context.close(mode: .output, promise: nil)
    resume()
  }

  private func freeBody() {
    guard var body = body.take() else { return }
    body.release(to: ingest.budget)
  }

  /// SwiftNIO's decoder looks at nothing that follows an offer of another protocol (`Upgrade: h2c`, as Java's client makes
  /// it). It is no longer needed by then: the offer was not taken up, and the next request is HTTP/1.1 again.
  private func replaceDecoder() {
    guard let pipeline = context?.pipeline.syncOperations,
      let old = try? pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
    else { return closeChannel() }
    isReplacingDecoder = true
    pipeline.removeHandler(context: old).assumeIsolated().whenComplete { [self] _ in
      isReplacingDecoder = false
      decoderHasStopped = false
      isDecoderClean = true
      guard let context else { return }
      do {
        try context.pipeline.syncOperations.addHandler(RequestParser.makeHandler(), position: .after(self))
      } catch {
        return closeChannel()
      }
      resume()
    }
  }
}

import NIOCore
import RelayPipeline

/// Actions carried out.
extension IngestHandler {
  func perform(_ action: ConnectionAction) {
    switch action {
    case .none, .appendBody: break
    case .startBody(let limitBytes, let sendContinue):
      body = BodyBuffer(limitBytes: limitBytes)
      if sendContinue { self.sendContinue() }
    case .handOver: handOver()
    case .answer(let answer): send(answer)
    case .proceed:
      path = ""
      resume()
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
    guard let context, let body = self.body.take() else { return }
    let eventLoop = context.eventLoop
    let connection = NIOLoopBound(self, eventLoop: eventLoop)
    let budget = ingest.budget
    let charge = body.charge
    ingest.receiver.receive(path: path, body: body.bytes) { reply in
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
      ingest.receiver.refused(path: RequestPath.cut(path), reply: answer.reply)
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
    guard let body = body.take() else { return }
    ingest.budget.release(body.charge)
  }
}

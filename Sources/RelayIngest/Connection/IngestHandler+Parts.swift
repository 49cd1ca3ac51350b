import NIOCore
import NIOHTTP1
import RelayCore
import RelayPipeline

/// What the decoder made of the bytes.
extension IngestHandler {
  func received(_ part: RequestPart) {
    if machine.takesParts, waitingParts.isEmpty {
      process(part)
    } else if !machine.ignoresInput, !waitingParts.append(part, budget: ingest.budget) {
      machine.inputLost()
    }
  }

  func decoderFailed(_ error: any Error) {
    received(
      .failure(RequestParser.refusal(of: error, headBytes: head.count + decodedBytes, start: head.start)))
  }

  func process(_ part: RequestPart) {
    guard let now = context?.eventLoop.now else { return }
    switch part {
    case .head(let head):
      path = RequestPath.path(of: head.uri)
      let head = DecodedHead(head, target: findTarget())
      origin = origin.of(head)
      decoderHasStopped = head.stopsDecoder
      begin(head.request, now: now)
    case .plainHead(let path, let method, let bodyBytes, let origin):
      self.path = path
      self.origin = origin
      var request = IncomingRequest(target: findTarget(), method: method)
      request.body = .known(bodyBytes)
      begin(request, now: now)
    case .body(let bytes): take(bytes, now: now)
    case .end: perform(machine.endReceived(now: now))
    case .failure(let reply): perform(machine.decodingFailed(reply, now: now))
    }
  }

  /// What the path leads to. A source's is spelled as the receiver knows it from here on.
  private func findTarget() -> IncomingRequest.Target {
    if ingest.receiver.accepts(path: path) { return .source }
    let canonical = SourcePath.canonical(path)
    if canonical == "/healthz" { return .health }
    guard canonical != path, ingest.receiver.accepts(path: canonical) else { return .unknown }
    path = canonical
    return .source
  }

  private func begin(_ request: IncomingRequest, now: NIODeadline) {
    head.clear(budget: ingest.budget)
    perform(machine.headReceived(request, now: now))
  }

  private func take(_ bytes: ByteBuffer, now: NIODeadline) {
    let action = machine.bodyReceived(bytes: bytes.readableBytes, now: now)
    guard action == .appendBody else { return perform(action) }
    switch body?.append(bytes, budget: ingest.budget) {
    case .taken: break
    case .noRoom, nil: perform(machine.memoryRefused(now: now))
    case .tooLarge:
      perform(machine.bodyRefused(.tooLarge(limitBytes: ingest.limits.maxBodyBytes), now: now))
    case .undecodable: perform(machine.bodyRefused(.undecodable(machine.request.coding), now: now))
    }
  }
}

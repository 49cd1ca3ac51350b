import NIOCore
import NIOHTTP1
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

  func process(_ part: RequestPart) {
    guard let now = context?.eventLoop.now else { return }
    switch part {
    case .head(let head):
      path = RequestPath.path(of: head.uri)
      begin(IncomingRequest(head, target: target), now: now)
    case .plainHead(let path, let method, let bodyBytes):
      self.path = path
      var request = IncomingRequest(target: target, method: method)
      request.body = .known(bodyBytes)
      begin(request, now: now)
    case .body(let bytes): take(bytes, now: now)
    case .end: perform(machine.endReceived(now: now))
    case .failure(let reply): perform(machine.decodingFailed(reply, now: now))
    }
  }

  /// What the path leads to.
  private var target: IncomingRequest.Target {
    ingest.receiver.accepts(path: path) ? .source : path == "/healthz" ? .health : .unknown
  }

  private func begin(_ request: IncomingRequest, now: NIODeadline) {
    head.clear(budget: ingest.budget)
    perform(machine.headReceived(request, now: now))
  }

  private func take(_ bytes: ByteBuffer, now: NIODeadline) {
    let action = machine.bodyReceived(bytes: bytes.readableBytes, now: now)
    guard action == .appendBody else { return perform(action) }
    if body?.append(bytes, budget: ingest.budget) != true { perform(machine.memoryRefused(now: now)) }
  }
}

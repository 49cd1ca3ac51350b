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
    case .head(let head): begin(head, now: now)
    case .body(let bytes): take(bytes, now: now)
    case .end: perform(machine.endReceived(now: now))
    case .failure(let reply): perform(machine.decodingFailed(reply, now: now))
    }
  }

  private func begin(_ requestHead: HTTPRequestHead, now: NIODeadline) {
    head.clear(budget: ingest.budget)
    path = RequestPath.path(of: requestHead.uri)
    let target: IncomingRequest.Target =
      ingest.receiver.accepts(path: path) ? .source : path == "/healthz" ? .health : .unknown
    perform(machine.headReceived(IncomingRequest(requestHead, target: target), now: now))
  }

  private func take(_ bytes: ByteBuffer, now: NIODeadline) {
    let action = machine.bodyReceived(bytes: bytes.readableBytes, now: now)
    guard action == .appendBody else { return perform(action) }
    if body?.append(bytes, budget: ingest.budget) != true { perform(machine.memoryRefused(now: now)) }
  }
}

import NIOCore
import RelayPipeline

/// Requests that never reach the receiver.
extension ConnectionStateMachine {
  /// Why a request with this head is not taken; nil if it is.
  func refusal(of head: IncomingRequest) -> IngestReply? {
    if let fault = head.fault { return .badRequest(fault) }
    switch (head.target, head.method) {
    case (.unknown, _): return .notFound
    case (.source, .post), (.source, .put), (.health, .get), (.health, .head): break
    case (.source, _): return .methodNotAllowed
    case (.health, _): return .healthMethodNotAllowed
    }
    if head.expectation == .unknown { return .expectationFailed }
    if head.target == .health, !isSkippable(head.body) { return .badRequest("a health check has no body") }
    if case .known(let length) = head.body, length > limits.maxBodyBytes {
      return .tooLarge(limitBytes: limits.maxBodyBytes)
    }
    if case .unknown(let name) = head.coding { return .unknownCoding(name) }
    return nil
  }

  /// Refuses at once, or reads a short body first. A client that waits for `100 Continue` may send its body or
  /// not, and one that frames it wrongly can't be followed.
  mutating func skipOrRefuse(_ reply: IngestReply, now: NIODeadline) -> ConnectionAction {
    guard request.fault == nil, isSkippable(request.body),
      request.expectation == .none || request.body == .known(0)
    else { return refuse(reply, now: now) }
    state = .skippingBody(reply, isRefusal: true)
    return .none
  }

  mutating func skip(_ reply: IngestReply) -> ConnectionAction {
    state = .skippingBody(reply, isRefusal: false)
    return .none
  }

  private func isSkippable(_ body: IncomingRequest.BodyLength) -> Bool {
    if case .known(let length) = body { length <= limits.skippedBodyBytes } else { false }
  }

  /// Answers before the request has ended, and gives the connection up.
  mutating func refuse(_ reply: IngestReply, now: NIODeadline) -> ConnectionAction {
    state = .flushing(then: .linger)
    beginLinger(now: now)
    return .answer(
      Answer(reply: reply, persistence: .close, omitsBody: request.method == .head, isRefusal: true))
  }

  /// From now on what comes is thrown away: as long as the client may need to get to its answer.
  mutating func beginLinger(now: NIODeadline) {
    lingerEnd = min(lingerEnd, now + (isLastRequest ? limits.lastLingerTimeout : limits.lingerTimeout))
    deadline = min(lingerEnd, now + limits.lingerSilence)
  }

  /// There are too many connections: this one is told so before it has said anything.
  mutating func turnAway(now: NIODeadline) -> ConnectionAction {
    state == .idle ? refuse(.tooManyConnections, now: now) : .none
  }
}

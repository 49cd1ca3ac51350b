import NIOCore
import RelayPipeline

/// A request coming in.
extension ConnectionStateMachine {
  mutating func inputReceived(bytes: Int, now: NIODeadline) -> InputAction {
    switch state {
    case .idle:
      beginRequest(now: now)
      return .decode
    case .readingHead, .readingBody, .skippingBody: return .decode
    case .awaitingReply, .flushing(then: .proceed): return .hold
    case .flushing(then: .close), .closed: return .discard
    case .flushing(then: .linger), .lingering:
      lingerBytesLeft -= bytes
      guard lingerBytesLeft > 0 else {
        state = .closed
        return .close
      }
      if lingerEnd != .distantFuture { deadline = min(lingerEnd, now + limits.lingerSilence) }
      return .discard
    }
  }

  mutating func headReceived(_ head: IncomingRequest, now: NIODeadline) -> ConnectionAction {
    guard takesParts else { return .none }
    if state == .idle { beginRequest(now: now) }
    request = head
    receivedBodyBytes = 0
    if let refusal = refusal(of: head) { return skipOrRefuse(refusal, now: now) }
    if head.target == .health { return skip(.healthy) }
    state = .readingBody
    let sendContinue = head.expectation == .continue && head.body != .known(0)
    // What is decoded may become as large as any body.
    guard case .known(let length) = head.body, head.coding == .identity else {
      return .startBody(limitBytes: limits.maxBodyBytes, sendContinue: sendContinue)
    }
    return .startBody(limitBytes: length, sendContinue: sendContinue)
  }

  mutating func bodyReceived(bytes: Int, now: NIODeadline) -> ConnectionAction {
    receivedBodyBytes += bytes
    switch state {
    case .readingBody:
      if receivedBodyBytes <= limits.maxBodyBytes { return .appendBody }
      return refuse(.tooLarge(limitBytes: limits.maxBodyBytes), now: now)
    default: return .none
    }
  }

  mutating func endReceived(now: NIODeadline) -> ConnectionAction {
    switch state {
    case .readingBody:
      state = .awaitingReply
      deadline = .distantFuture
      return .handOver
    case .skippingBody(let reply, let isRefusal):
      return answer(reply, isRefusal: isRefusal, now: now)
    default: return .none
    }
  }

  /// What came is not HTTP, or too much of it.
  mutating func decodingFailed(_ reply: IngestReply, now: NIODeadline) -> ConnectionAction {
    takesParts ? refuse(reply, now: now) : .none
  }

  /// The budget has no room for what has come.
  mutating func memoryRefused(now: NIODeadline) -> ConnectionAction {
    state == .readingHead || state == .readingBody ? refuse(.bodiesOverBudget, now: now) : .none
  }

  /// The body can't be decoded, or not within the limit: seen while it comes, or at its end.
  mutating func bodyRefused(_ reply: IngestReply, now: NIODeadline) -> ConnectionAction {
    switch state {
    case .readingBody: refuse(reply, now: now)
    case .awaitingReply: answer(reply, isRefusal: true, now: now)
    default: .none
    }
  }

  /// The client has closed its side, and all that came before has been looked at.
  mutating func inputEnded() -> ConnectionAction {
    guard takesParts || state == .lingering else { return .none }
    return close()
  }

  private mutating func beginRequest(now: NIODeadline) {
    state = .readingHead
    request = IncomingRequest(target: .unknown, method: .other)
    deadline = now + limits.requestTimeout
  }
}

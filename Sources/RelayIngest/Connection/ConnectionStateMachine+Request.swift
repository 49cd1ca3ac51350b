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
      if lingerBytesLeft > 0 { return .discard }
      state = .closed
      return .close
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
    switch head.body {
    case .known(let length):
      return .startBody(limitBytes: length, sendContinue: head.expectation == .continue && length > 0)
    case .chunked:
      return .startBody(limitBytes: limits.maxBodyBytes, sendContinue: head.expectation == .continue)
    }
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

import NIOCore
import RelayPipeline

/// An answer going out, and a connection's end.
extension ConnectionStateMachine {
  /// The receiver has answered.
  mutating func replied(_ reply: IngestReply, now: NIODeadline) -> ConnectionAction {
    state == .awaitingReply ? answer(reply, isRefusal: false, now: now) : .none
  }

  /// Answers a request that has come to its end.
  mutating func answer(_ reply: IngestReply, isRefusal: Bool, now: NIODeadline) -> ConnectionAction {
    let persistence: Answer.Persistence
    if !request.keepAlive {
      // The client expects the end, and sends nothing more.
      state = .flushing(then: .close)
      persistence = .close
    } else if isLastRequest {
      state = .flushing(then: .linger)
      persistence = .close
    } else {
      state = .flushing(then: .proceed)
      persistence = request.isHTTP10 ? .keepAliveHTTP10 : .keepAlive
    }
    deadline = now + limits.answerTimeout
    return .answer(
      Answer(
        reply: reply, persistence: persistence, omitsBody: request.method == .head, isRefusal: isRefusal))
  }

  /// The answer has left for the client.
  mutating func flushed(now: NIODeadline) -> ConnectionAction {
    guard case .flushing(let next) = state else { return .none }
    switch next {
    case .proceed where !isLastRequest:
      state = .idle
      deadline = now + limits.idleTimeout
      return .proceed
    case .proceed, .linger:
      state = .lingering
      beginLinger(now: now)
      return .linger
    case .close: return close()
    }
  }

  mutating func deadlinePassed(now: NIODeadline) -> ConnectionAction {
    guard now >= deadline else { return .none }
    switch state {
    case .readingHead, .readingBody, .skippingBody: return refuse(.timeout, now: now)
    case .idle, .flushing, .lingering: return close()
    case .awaitingReply, .closed: return .none
    }
  }

  /// The relay shuts down: what has not begun does not begin.
  mutating func quiesce(now: NIODeadline) -> ConnectionAction {
    isLastRequest = true
    if lingerEnd != .distantFuture, state != .closed { beginLinger(now: now) }
    return state == .idle || state == .readingHead ? close() : .none
  }

  /// The client sent on without waiting for its answers, more than is kept for it.
  mutating func inputLost() {
    isLastRequest = true
  }

  /// Ends the connection now, whatever it is doing; also when it has ended by itself.
  mutating func close() -> ConnectionAction {
    guard state != .closed else { return .none }
    state = .closed
    deadline = .distantFuture
    return .close
  }
}

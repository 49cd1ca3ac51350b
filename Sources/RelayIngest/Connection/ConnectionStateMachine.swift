import NIOCore
import RelayPipeline

/// One ingest connection, without its socket: what happened goes in, what to do about it comes out.
///
///      ┌───────────────────────────────────────── flushed ────────────────────────────────────┐
///      ▼                                                                                      │
///     readingProxyHeader ─its end─▶ idle: the first state where a proxy says whom it speaks for
///
///     idle ─bytes─▶ readingHead ─head─▶ readingBody ─end─▶ awaitingReply ─reply or refusal─▶ flushing ─flushed─▶ closed
///                     │       │              │                                                ▲ ▲  │
///                     │       │              └─ refused before its end ───────────────────────┘ │  │ flushed
///                     │       └─ refused or health, short body ─▶ skippingBody ─end─────────────┤  ▼
///                     └─ refused at once ───────────────────────────────────────────────────────┘ lingering ─▶ closed
///
/// From every state `close`, a deadline or the client's end lead to `closed`; a deadline in the states that read leads to
/// `flushing` with the refusal that says so.
///
/// One request at a time: between its end and its reply's flush nothing else is decoded. A request that is
/// refused before its end is answered with `connection: close`, then at most `lingerBytes` are read and thrown away, for at
/// most `lingerTimeout` and `lingerSilence`. Every state but `awaitingReply` has a deadline.
///
/// Deadlines move with every request; the one timer does not. It finds out about the deadline when it fires, and is set
/// anew for the rest. So that no deadline is missed it is never set for longer than the shortest time that a request
/// could set anew; where a deadline comes nearer than that, the action says when to wake up.
struct ConnectionStateMachine {
  private enum State: Equatable {
    /// Nothing but the PROXY header may come.
    case readingProxyHeader
    case idle
    case readingHead
    case readingBody
    /// The reply is known, and the body is short: it is thrown away, so that the connection can live on.
    case skippingBody(ReplyMessage.Content)
    case awaitingReply
    case flushing(then: AfterReply)
    case lingering
    case closed
  }

  private enum AfterReply: Equatable {
    case proceed
    case linger
    case close
  }

  private let limits: ConnectionLimits
  private var state = State.idle
  private var deadline: NIODeadline
  /// The request being received or answered.
  private var request = IncomingRequest(target: .unknown, method: .other)
  private var receivedBodyBytes = 0
  private var lingerBytesLeft: Int
  /// However busily a refused client goes on sending, not after this.
  private var lingerEnd = NIODeadline.distantFuture
  /// The relay shuts down, or what the client sent on was lost: nothing follows the present request.
  private var isLastRequest = false
  /// The client has closed its side.
  private var inputHasEnded = false
  /// Nothing has come yet.
  private var isUnused = true
  /// Somebody has asked for more of the client's bytes, and they were not wanted then.
  private var readIsWithheld = false

  /// - Parameter awaitsProxyHeader: A PROXY header comes before the first request.
  init(limits: ConnectionLimits, awaitsProxyHeader: Bool = false, now: NIODeadline) {
    self.limits = limits
    state = awaitsProxyHeader ? .readingProxyHeader : .idle
    deadline = now + (awaitsProxyHeader ? limits.requestTimeout : limits.idleTimeout)
    lingerBytesLeft = limits.lingerBytes
  }

  /// Since when the connection has waited for a request; nil: it does not.
  var idleSince: NIODeadline? { state == .idle ? deadline - limits.idleTimeout : nil }

  // MARK: A connection's begin and end

  /// - Parameter refusal: Why it is turned away: it is told so before it has said anything. nil: it is not.
  mutating func opened(_ refusal: Refusal? = nil, now: NIODeadline) -> ConnectionAction {
    guard state == .idle || state == .readingProxyHeader else { return .none }
    return refusal.map { refuse($0, now: now) } ?? .setTimer(wakeTime(now: now))
  }

  /// Ends the connection now, whatever it is doing.
  mutating func close() -> ConnectionAction {
    guard state != .closed else { return .none }
    state = .closed
    deadline = .distantFuture
    return .close
  }

  /// The connection has ended, by itself or because of `close`.
  mutating func channelClosed() -> ConnectionAction {
    _ = close()
    return .release
  }

  /// The relay shuts down. What is about to begin has a moment for it: whoever has just connected sends at once, and
  /// knows nothing of a shutdown.
  mutating func quiesce(now: NIODeadline) -> ConnectionAction {
    isLastRequest = true
    switch state {
    case .idle:
      let end = deadline - limits.idleTimeout + limits.firstRequestPatience
      guard isUnused, end > now else { return close() }
      deadline = end
      return .setTimer(wakeTime(now: now))
    case .readingHead, .readingProxyHeader:
      deadline = min(deadline, now + limits.firstRequestPatience)
      return .setTimer(wakeTime(now: now))
    case .flushing, .lingering:
      guard lingerEnd != .distantFuture else { return .none }
      beginLinger(now: now)
      return .setTimer(wakeTime(now: now))
    case .readingBody, .skippingBody, .awaitingReply, .closed: return .none
    }
  }

  mutating func timerFired(now: NIODeadline) -> ConnectionAction {
    guard now >= deadline || state == .closed else { return .setTimer(wakeTime(now: now)) }
    switch state {
    case .readingHead, .readingBody, .skippingBody: return refuse(.timeout, now: now)
    case .readingProxyHeader, .idle, .flushing, .lingering: return close()
    case .awaitingReply: return .setTimer(wakeTime(now: now))
    case .closed: return .none
    }
  }

  // MARK: Bytes coming in

  /// - Parameter mustWait: Others before them have not been looked at, or nothing can look at them now.
  mutating func inputReceived(bytes: Int, mustWait: Bool, now: NIODeadline) -> InputAction {
    switch state {
    case .readingProxyHeader: return .readProxyHeader
    case .idle, .readingHead, .readingBody, .skippingBody:
      if mustWait { return .hold }
      if state == .idle { beginRequest(now: now) }
      return state == .readingHead ? .decodeHead : .decodeBody(missingBytes: missingBodyBytes)
    case .awaitingReply, .flushing(then: .proceed): return .hold
    case .flushing(then: .close), .closed: return .discard
    case .flushing(then: .linger), .lingering:
      lingerBytesLeft -= bytes
      guard lingerBytesLeft > 0 else {
        _ = close()
        return .close
      }
      if lingerEnd != .distantFuture { deadline = min(lingerEnd, now + limits.lingerSilence) }
      return .discard
    }
  }

  /// A request may come. While the relay shuts down, the time until then stays what it was.
  mutating func proxyHeaderRead(now: NIODeadline) {
    guard state == .readingProxyHeader else { return }
    state = .idle
    if !isLastRequest { deadline = now + limits.idleTimeout }
  }

  /// The decoder has looked at what it was given.
  mutating func inputDecoded() -> ConnectionAction { state == .readingHead ? .chargeHead : .none }

  /// The client sent on without waiting for its replies, more than is kept for it: the present request is its last.
  mutating func inputLost() { isLastRequest = true }

  /// The client has closed its side. What came before that is still looked at: `next` says when nothing is left.
  mutating func inputEnded() { inputHasEnded = true }

  /// How the connection goes on.
  ///
  /// - Parameter inputWaits: Whether there is something that came before and has not been looked at.
  mutating func next(inputWaits: Bool) -> NextAction {
    if inputWaits { return takesParts ? .takeWaiting : .none }
    if inputHasEnded, takesParts || state == .lingering {
      _ = close()
      return .close
    }
    guard readIsWithheld, wantsInput else { return .none }
    readIsWithheld = false
    return .read
  }

  /// Somebody asks for more of the client's bytes.
  mutating func readRequested(inputWaits: Bool) -> ConnectionAction {
    if wantsInput, !inputWaits { return .read }
    readIsWithheld = true
    return .none
  }

  // MARK: A request coming in

  /// - Parameter othersWait: Whether there are parts that came before and have not been looked at.
  mutating func partReceived(othersWait: Bool) -> PartAction {
    if takesParts, !othersWait { return .process }
    switch state {
    case .flushing(then: .linger), .flushing(then: .close), .lingering, .closed: return .discard
    case .readingProxyHeader, .idle, .readingHead, .readingBody, .skippingBody, .awaitingReply,
      .flushing(then: .proceed):
      return .wait
    }
  }

  mutating func headReceived(_ head: IncomingRequest, now: NIODeadline) -> ConnectionAction {
    guard takesParts else { return .none }
    if state == .idle { beginRequest(now: now) }
    request = head
    receivedBodyBytes = 0
    if let refusal = head.refusal(within: limits) { return skipOrRefuse(refusal, now: now) }
    if head.target == .health {
      state = .skippingBody(.reply(.healthy))
      return .none
    }
    state = .readingBody
    // What is decoded may become as large as any body.
    var limitBytes = limits.maxBodyBytes
    if case .known(let length) = head.body, head.coding == .identity { limitBytes = length }
    return .startBody(
      limitBytes: limitBytes, coding: head.coding,
      sendContinue: head.expectation == .continue && head.body != .known(0))
  }

  mutating func bodyReceived(_ bytes: ByteBuffer, now: NIODeadline) -> ConnectionAction {
    receivedBodyBytes += bytes.readableBytes
    guard state == .readingBody else { return .none }
    if receivedBodyBytes <= limits.maxBodyBytes { return .appendBody(bytes) }
    return refuse(.tooLarge(limitBytes: limits.maxBodyBytes), now: now)
  }

  mutating func endReceived(now: NIODeadline) -> ConnectionAction {
    switch state {
    case .readingBody:
      state = .awaitingReply
      deadline = .distantFuture
      return .handOver
    case .skippingBody(let content): return answer(content, now: now)
    case .readingProxyHeader, .idle, .readingHead, .awaitingReply, .flushing, .lingering, .closed:
      return .none
    }
  }

  /// What came is not HTTP, or too much of it.
  mutating func decodingFailed(_ refusal: Refusal, now: NIODeadline) -> ConnectionAction {
    guard takesParts else { return .none }
    // It may have waited for the reply to the request before: it is not that request.
    if state == .idle { beginRequest(now: now) }
    return refuse(refusal, now: now)
  }

  /// The budget has no room for what has come.
  mutating func memoryRefused(now: NIODeadline) -> ConnectionAction {
    state == .readingHead || state == .readingBody ? refuse(.bodiesOverBudget, now: now) : .none
  }

  /// The body can't be decoded, or not within the limit: seen while it comes, or at its end.
  mutating func bodyRefused(_ refusal: Refusal, now: NIODeadline) -> ConnectionAction {
    switch state {
    case .readingBody: refuse(refusal, now: now)
    case .awaitingReply: answer(.refusal(refusal), now: now)
    case .readingProxyHeader, .idle, .readingHead, .skippingBody, .flushing, .lingering, .closed: .none
    }
  }

  // MARK: A reply going out

  /// The receiver has answered.
  mutating func replied(_ reply: IngestReply, now: NIODeadline) -> ConnectionAction {
    state == .awaitingReply ? answer(.reply(reply), now: now) : .none
  }

  /// The reply has left for the client.
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
      return .linger(wakeAt: wakeTime(now: now))
    case .close: return close()
    }
  }
}

extension ConnectionStateMachine {
  // MARK: What the inputs share

  /// Whether parts of a request can be taken in; if not, they wait.
  private var takesParts: Bool {
    switch state {
    case .readingProxyHeader, .idle, .readingHead, .readingBody, .skippingBody: true
    case .awaitingReply, .flushing, .lingering, .closed: false
    }
  }

  /// Whether the connection is to be read, as long as nothing that came waits.
  ///
  /// Also while a request is being answered, though few senders go on meanwhile: to stop and start the reading would be
  /// two system calls a request.
  private var wantsInput: Bool {
    switch state {
    case .flushing(then: .close), .closed: false
    case .readingProxyHeader, .idle, .readingHead, .readingBody, .skippingBody, .awaitingReply, .lingering,
      .flushing(then: .proceed), .flushing(then: .linger):
      true
    }
  }

  /// What the present body is known to be still short of.
  private var missingBodyBytes: Int {
    guard case .known(let length) = request.body else { return 0 }
    return max(0, length - receivedBodyBytes)
  }

  /// When the timer has to look at the deadline again.
  private func wakeTime(now: NIODeadline) -> NIODeadline {
    min(deadline, now + min(limits.requestTimeout, limits.replyTimeout))
  }

  private mutating func beginRequest(now: NIODeadline) {
    isUnused = false
    state = .readingHead
    request = IncomingRequest(target: .unknown, method: .other)
    deadline = now + limits.requestTimeout
  }

  /// Refuses at once, or reads a short body first. A client that waits for `100 Continue` may send its body or
  /// not, and one that frames it wrongly can't be followed.
  private mutating func skipOrRefuse(_ refusal: Refusal, now: NIODeadline) -> ConnectionAction {
    guard request.fault == nil, request.hasSkippableBody(within: limits),
      request.expectation == .none || request.body == .known(0)
    else { return refuse(refusal, now: now) }
    state = .skippingBody(.refusal(refusal))
    return .none
  }

  /// Answers before the request has ended, and gives the connection up.
  private mutating func refuse(_ refusal: Refusal, now: NIODeadline) -> ConnectionAction {
    state = .flushing(then: .linger)
    beginLinger(now: now)
    return .send(
      ReplyMessage(
        content: .refusal(refusal), persistence: .close, omitsBody: request.method == .head),
      wakeAt: wakeTime(now: now))
  }

  /// Answers a request that has come to its end.
  private mutating func answer(
    _ content: ReplyMessage.Content, now: NIODeadline
  ) -> ConnectionAction {
    let persistence: ReplyMessage.Persistence
    deadline = now + limits.replyTimeout
    var wakeAt: NIODeadline? = wakeTime(now: now)
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
      wakeAt = nil
    }
    return .send(
      ReplyMessage(
        content: content, persistence: persistence, omitsBody: request.method == .head),
      wakeAt: wakeAt)
  }

  /// From now on what comes is thrown away: as long as the client may need to get to its reply.
  private mutating func beginLinger(now: NIODeadline) {
    lingerEnd = min(lingerEnd, now + (isLastRequest ? limits.lastLingerTimeout : limits.lingerTimeout))
    deadline = min(lingerEnd, now + limits.lingerSilence)
  }
}

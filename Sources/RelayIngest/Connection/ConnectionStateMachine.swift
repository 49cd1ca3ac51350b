import NIOCore
import RelayPipeline

/// One ingest connection, without its socket: what happened goes in, what to do comes out.
///
///     idle ─▶ readingHead ─┬─▶ readingBody ─▶ awaitingReply ─┬─▶ flushing ─┬─▶ idle
///                          ├─▶ skippingBody ─────────────────┤             ├─▶ lingering ─▶ closed
///                          └─▶ (refused) ────────────────────┘             └─▶ closed
///
/// One request at a time: between its end and its answer's flush nothing else is decoded. A request that is
/// refused early is answered with `connection: close`, then at most `lingerBytes` are read and thrown away, for at most
/// `lingerTimeout` and `lingerSilence`. Every state but `awaitingReply` has a deadline.
struct ConnectionStateMachine {
  enum State: Equatable {
    case idle
    case readingHead
    case readingBody
    /// The answer is known, and the body is short: it is thrown away, so that the connection can live on.
    case skippingBody(IngestReply, isRefusal: Bool)
    case awaitingReply
    case flushing(then: AfterAnswer)
    case lingering
    case closed
  }

  enum AfterAnswer: Equatable {
    case proceed
    case linger
    case close
  }

  let limits: ConnectionLimits
  var state = State.idle
  /// When `deadlinePassed` has something to do.
  var deadline: NIODeadline
  /// The request being received or answered.
  var request = IncomingRequest(target: .unknown, method: .other)
  var receivedBodyBytes = 0
  var lingerBytesLeft: Int
  /// However busily a refused client goes on sending, not after this.
  var lingerEnd = NIODeadline.distantFuture
  /// The relay shuts down, or what the client sent on was lost: nothing follows the present request.
  var isLastRequest = false

  init(limits: ConnectionLimits, now: NIODeadline) {
    self.limits = limits
    deadline = now + limits.idleTimeout
    lingerBytesLeft = limits.lingerBytes
  }

  /// Whether parts of a request can be taken in; if not, they wait.
  var takesParts: Bool {
    switch state {
    case .idle, .readingHead, .readingBody, .skippingBody: true
    case .awaitingReply, .flushing, .lingering, .closed: false
    }
  }

  /// Whether nothing that is still to come from the client matters.
  var ignoresInput: Bool {
    switch state {
    case .flushing(then: .linger), .flushing(then: .close), .lingering, .closed: true
    default: false
    }
  }

  /// Whether the connection is to be read, as long as nothing that came waits.
  ///
  /// Also while a request is being answered, though few senders go on meanwhile: to stop and start the reading would be
  /// two system calls a request.
  var wantsInput: Bool {
    switch state {
    case .flushing(then: .close), .closed: false
    default: true
    }
  }

  /// Since when the connection has waited for a request.
  var idleSince: NIODeadline? { state == .idle ? deadline - limits.idleTimeout : nil }

  /// What the present body is known to be still short of.
  var expectedBodyBytes: Int {
    guard takesParts, case .known(let length) = request.body else { return 0 }
    return max(0, length - receivedBodyBytes)
  }
}

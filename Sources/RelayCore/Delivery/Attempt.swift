/// What came of one request to a destination.
package struct AttemptResult: Sendable, Equatable {
  package var startedAt: Timestamp
  package var duration: Duration
  package var response: Response
  /// How far the relay's wall clock was ahead of the answer's `date`; nil: it was not looked at, or there was none.
  package var clockOffset: Duration?
  /// Whom it went to; nil: no connection was tried.
  package var peer: PeerAddress?
  /// From its start to the answer's first byte; nil: there was none.
  package var firstByte: Duration?
  /// What else is kept of an attempt that failed; nil: it succeeded.
  package var evidence: AttemptEvidence?
  /// It may mean no more than that the relay's clock is wrong (`Destination.blamesClock`): it kills nothing.
  package var blamesClock = false
  /// How many events the request held.
  package var events = 1

  package enum Response: Sendable, Equatable {
    /// The final header came, whole. `body`: the answer's first 1 KiB.
    case status(Int, body: [UInt8], retryAfter: Duration?)
    case failure(TransportFailure)
  }

  package init(
    startedAt: Timestamp, duration: Duration, response: Response, clockOffset: Duration? = nil
  ) {
    self.startedAt = startedAt
    self.duration = duration
    self.response = response
    self.clockOffset = clockOffset
  }

  /// How much of an answer's body is kept, in bytes.
  package static let keptAnswerBytes = 1_024

  package var status: Int? {
    if case .status(let code, _, _) = response { code } else { nil }
  }

  package var isSuccess: Bool { status.map { (200..<300).contains($0) } ?? false }
}

/// What was sent and what came back, of an attempt that failed: header lines, each `name: value`, with a line end (LF) between two.
package struct AttemptEvidence: Sendable, Equatable {
  /// How much is kept of each of the two, in bytes.
  package static let keptRequestBytes = 4_096
  package static let keptAnswerBytes = 1_024

  /// As they were sent, with credentials and the destination's own headers masked; nil: nothing was sent.
  package var requestHeaders: [UInt8]?
  /// nil: no answer began.
  package var answerHeaders: [UInt8]?

  package init(requestHeaders: [UInt8]? = nil, answerHeaders: [UInt8]? = nil) {
    self.requestHeaders = requestHeaders
    self.answerHeaders = answerHeaders
  }
}

/// Why a request got no status.
package struct TransportFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Kind: String, Sendable, CaseIterable {
    case nameResolution = "name resolution"
    case connectionRefused = "connection refused"
    case connectTimeout = "connect timeout"
    case connection = "connection"
    case tls = "TLS"
    case timeout = "timeout"
    case reset = "connection reset"
    case other = "transport"
    /// The address is not connected to (`egress`, or the relay's own).
    case egress = "egress"
    /// The server that was to give an access token for the destination has given none.
    case token = "token server"
  }

  package var kind: Kind
  /// For people: names the host or the limit, never a secret.
  package var message: String

  package init(kind: Kind, message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String { "\(kind.rawValue): \(message)" }
}

/// Whose failure an attempt was.
package enum Blame: Sendable, Equatable {
  /// Nobody's: it succeeded.
  case none
  /// The destination answered for itself, and refused this event.
  case event
  /// The destination's; yet it may be this very event that it can't take.
  case destination
  /// The destination's, whatever the event: it was never reached.
  case connection
}

extension AttemptResult {
  package var blame: Blame {
    switch response {
    case .status(200..<300, _, _): .none
    // It refuses everything that is signed, not this event.
    case .status where blamesClock: .destination
    case .status(401, _, _), .status(403...405, _, _), .status(407...408, _, _), .status(421, _, _),
      .status(425, _, _), .status(429, _, _):
      .destination
    case .status(400..<500, _, _): .event
    case .status: .destination
    case .failure(let failure): failure.kind.blame
    }
  }
}

extension TransportFailure.Kind {
  fileprivate var blame: Blame {
    switch self {
    case .nameResolution, .connectionRefused, .connectTimeout, .connection, .tls, .egress, .token: .connection
    case .timeout, .reset, .other: .destination
    }
  }
}

/// What came of one request to a destination.
public struct AttemptResult: Sendable, Equatable {
  public var startedAt: Timestamp
  public var duration: Duration
  public var response: Response
  /// How far the relay's wall clock was ahead of the answer's `date`; nil: it was not looked at, or there was none.
  public var clockOffset: Duration?
  /// It may mean no more than that the relay's clock is wrong (`Destination.blamesClock`): it kills nothing.
  public var blamesClock = false

  public enum Response: Sendable, Equatable {
    /// The final header came, whole. `body`: the answer's first 1 KiB.
    case status(Int, body: [UInt8], retryAfter: Duration?)
    case failure(TransportFailure)
  }

  public init(
    startedAt: Timestamp, duration: Duration, response: Response, clockOffset: Duration? = nil
  ) {
    self.startedAt = startedAt
    self.duration = duration
    self.response = response
    self.clockOffset = clockOffset
  }

  /// How much of an answer is kept, in bytes.
  public static let keptAnswerBytes = 1_024

  public var status: Int? {
    if case .status(let code, _, _) = response { code } else { nil }
  }

  public var isSuccess: Bool { status.map { (200..<300).contains($0) } ?? false }
}

/// Why a request got no status.
public struct TransportFailure: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    case nameResolution = "name resolution"
    case connectionRefused = "connection refused"
    case connectTimeout = "connect timeout"
    case connection = "connection"
    case tls = "TLS"
    case timeout = "timeout"
    case reset = "connection reset"
    case other = "transport"
  }

  public var kind: Kind
  /// For people: names the host or the limit, never a secret.
  public var message: String

  public init(kind: Kind, message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { "\(kind.rawValue): \(message)" }
}

import Logging
import RelayCore
import RelayJSON

/// A request that is not taken: what the sender is told, and what the relay keeps of it for its operator.
package struct Refusal: Error, Sendable, Equatable {
  package let reason: RefusalReason
  /// For the sender.
  package let message: String
  /// For the operator's log and the list of refused requests; nothing of it is the sender's text.
  package let explanation: String
  /// The place in the body that is to blame, in bytes.
  package let offset: Int?
  /// Made once: most refusals are constants.
  package let reply: IngestReply

  /// - Parameters:
  ///   - explanation: nil: the message says it.
  ///   - headers: Those that the reply has beside its content's.
  package init(
    _ reason: RefusalReason, _ message: String, explanation: String? = nil, offset: Int? = nil,
    headers: [IngestReply.Header] = []
  ) {
    self.reason = reason
    self.message = message
    self.explanation = explanation ?? message
    self.offset = offset
    reply = Self.reply(reason, message, offset, headers)
  }

  /// `{"error":{"code":CODE,"message":MESSAGE}}`, with `"offset":N` where a place in the body is to blame.
  private static func reply(
    _ reason: RefusalReason, _ message: String, _ offset: Int?, _ headers: [IngestReply.Header]
  ) -> IngestReply {
    var body = Array(#"{"error":{"code":"#.utf8)
    JSONWriter.appendString(reason.rawValue, to: &body)
    body += Array(#","message":"#.utf8)
    JSONWriter.appendString(message, to: &body)
    if let offset { body += Array(",\"offset\":\(offset)".utf8) }
    body += Array("}}".utf8)
    return IngestReply(status: reason.status, body: body, headers: headers)
  }

  var logFields: Logger.Metadata {
    ["status": .number(reason.status), "reason": "\(explanation)"]
  }
}

/// Why a request was refused. The raw value is the `code` of the reply's error, and the metric's label.
package enum RefusalReason: String, Sendable, CaseIterable {
  /// No HTTP/1.1, or none that is clean.
  case badRequest = "bad_request"
  case expectationFailed = "expectation_failed"
  /// Not in `sources.NAME.allow`.
  case forbiddenAddress = "forbidden_address"
  case headersTooLarge = "headers_too_large"
  case invalidEncoding = "invalid_encoding"
  case invalidEnvelope = "invalid_envelope"
  case invalidJSON = "invalid_json"
  case invalidToken = "invalid_token"
  case methodNotAllowed = "method_not_allowed"
  case missingToken = "missing_token"
  case notFound = "not_found"
  /// Over `sources.NAME.rate`.
  case rateLimited = "rate_limited"
  case timeout
  /// No TLS, or none that the listener accepts; nothing is answered.
  case tlsFailed = "tls_failed"
  case tooLarge = "too_large"
  /// Over `server.max_inflight`.
  case tooManyBytes = "too_many_bytes"
  /// Over `server.max_connections`.
  case tooManyConnections = "too_many_connections"
  /// Over `server.max_connections_per_peer`: it is the peer's own matter.
  case tooManyConnectionsOfPeer = "too_many_connections_of_peer"
  /// The store can't take it.
  case unavailable
  case unsupportedMediaType = "unsupported_media_type"

  package var status: Int {
    switch self {
    case .badRequest, .invalidEncoding, .invalidEnvelope, .invalidJSON, .tlsFailed: 400
    case .invalidToken, .missingToken: 401
    case .forbiddenAddress: 403
    case .notFound: 404
    case .methodNotAllowed: 405
    case .timeout: 408
    case .tooLarge: 413
    case .unsupportedMediaType: 415
    case .expectationFailed: 417
    case .rateLimited: 429
    case .headersTooLarge: 431
    case .tooManyBytes, .tooManyConnections, .tooManyConnectionsOfPeer, .unavailable: 503
    }
  }

  /// As what it counts among the envelopes of its source; nil: it says nothing of an envelope.
  var outcome: EnvelopeOutcome? {
    switch self {
    case .badRequest, .invalidEncoding, .invalidEnvelope, .invalidJSON, .unsupportedMediaType: .invalid
    case .invalidToken, .missingToken: .unauthorized
    case .forbiddenAddress: .forbidden
    case .rateLimited: .rateLimited
    case .tooLarge: .tooLarge
    case .tooManyBytes, .tooManyConnections, .unavailable: .unavailable
    case .expectationFailed, .headersTooLarge, .methodNotAllowed, .notFound, .timeout, .tlsFailed,
      .tooManyConnectionsOfPeer:
      nil
    }
  }
}

extension Refusal {
  // MARK: Of requests

  package static let notFound = Refusal(.notFound, "no source has this path; see `sources` in routes.yaml")

  package static let methodNotAllowed = Refusal(
    .methodNotAllowed, "envelopes are sent by POST or PUT", headers: [.init("allow", "POST, PUT")])

  package static func tooLarge(limitBytes: Int) -> Refusal {
    Refusal(.tooLarge, "the body is larger than server.max_body (\(limitBytes) bytes)")
  }

  package static let timeout = Refusal(.timeout, "the request took longer than server.request_timeout")

  /// It may be sent again in a moment.
  package static func unavailable(
    _ reason: RefusalReason, _ message: String, explanation: String? = nil
  ) -> Refusal {
    Refusal(reason, message, explanation: explanation, headers: [.init("retry-after", "5")])
  }

  /// What is sent is in a form that is not read here.
  package static func unsupported(
    _ message: String, explanation: String? = nil, headers: [IngestReply.Header] = []
  ) -> Refusal {
    Refusal(.unsupportedMediaType, message, explanation: explanation, headers: headers)
  }

  /// The sender need not know who else may.
  static func forbiddenAddress(source: String) -> Refusal {
    Refusal(
      .forbiddenAddress, "this source takes no requests from your address",
      explanation: "the client's address is not in sources.\(source).allow")
  }

  static func contradictoryAddresses(source: String) -> Refusal {
    Refusal(
      .forbiddenAddress, forbiddenAddress(source: source).message,
      explanation:
        "X-Forwarded-For and Forwarded name different clients, so nobody is known for sources.\(source).allow: "
        + "let the proxy remove the header that it does not write")
  }

  /// - Parameter wait: Until one more is let in.
  static func rateLimited(source: String, wait: Duration) -> Refusal {
    Refusal(
      .rateLimited, "too many requests; try again after the time that retry-after says, in seconds",
      explanation: "the requests have reached sources.\(source).rate",
      headers: [.init("retry-after", "\(max(1, (wait.microseconds + 999_999) / 1_000_000))")])
  }

  // MARK: Of envelopes

  /// - Parameter body: What could not be scanned.
  init(_ error: ScanError, in body: [UInt8]) {
    switch error.code {
    case .invalidJSON:
      self =
        ForeignBody(body)?.refusal(offset: error.offset)
        ?? Refusal(.invalidJSON, error.message, offset: error.offset)
    case .notAnObject: self = Refusal(.invalidEnvelope, error.message, offset: error.offset)
    case .tooManyEvents:
      self = Refusal(.tooLarge, "an envelope holds at most \(IngestRules.maxEvents) events")
    }
  }

  static let noMessages = Refusal(.invalidEnvelope, "the envelope has no object `messages`", offset: 0)

  static let invalidToken = Refusal(.invalidToken, "the envelope's token is not the one of this source")

  /// The sender is told what it is told of any wrong token.
  static func unlearned(_ reason: TokenLesson.Reason, source: String) -> Refusal {
    let explanation =
      switch reason {
      case .closed:
        "no token is known of this source yet: `huggy-relay token learn \(source)` opens a time in which a handshake is answered"
      case .unconfirmed(let id):
        "its token is a candidate that nobody has confirmed: `huggy-relay token learn \(source) --confirm \(id)`"
      case .wrong: "the envelope's token is not the one that was learned for this source"
      }
    return Refusal(.invalidToken, invalidToken.message, explanation: explanation)
  }

  static let missingToken = Refusal(
    .missingToken,
    "the envelope has no token, and this source asks for one: `token` beside `messages`, as text")

  static let tooManyDeliveries = Refusal(
    .tooLarge, "the envelope's events would make more than \(IngestRules.maxDeliveries) deliveries")

  /// The store did not take the envelope. The sender need not know the store's insides.
  static func unstored(_ error: StoreError) -> Refusal {
    .unavailable(
      .unavailable,
      error.code == .hanging
        ? "the store does not answer; whether this was kept is not known: send it again, unchanged"
        : "the store can't take it now; nothing was kept, send it again",
      explanation: "the store can't take it: \(error.message)")
  }
}

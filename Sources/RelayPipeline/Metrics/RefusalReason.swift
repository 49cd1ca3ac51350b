/// Why a request was refused, as the metric's label says it: the `code` of its answer.
enum RefusalReason: String, Sendable, CaseIterable {
  /// No HTTP/1.1, or none that is clean.
  case badRequest = "bad_request"
  case expectationFailed = "expectation_failed"
  case headersTooLarge = "headers_too_large"
  case invalidEncoding = "invalid_encoding"
  case invalidEnvelope = "invalid_envelope"
  case invalidJSON = "invalid_json"
  case invalidToken = "invalid_token"
  case methodNotAllowed = "method_not_allowed"
  case missingToken = "missing_token"
  case notFound = "not_found"
  case timeout
  case tooLarge = "too_large"
  /// Over `server.max_inflight`.
  case tooManyBytes = "too_many_bytes"
  /// Over `server.max_connections`.
  case tooManyConnections = "too_many_connections"
  /// The store can't take it.
  case unavailable
  case unsupportedMediaType = "unsupported_media_type"
  /// None of these: it would be a fault of the relay's.
  case other

  init(code: String) {
    self = RefusalReason(rawValue: code) ?? .other
  }
}

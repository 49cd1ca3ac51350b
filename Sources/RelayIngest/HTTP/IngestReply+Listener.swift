import RelayPipeline

/// Answers that only the listener gives.
extension IngestReply {
  static let healthy = IngestReply(status: 200, body: Array(#"{"status":"ok"}"#.utf8))

  static let healthMethodNotAllowed = error(
    405, "method_not_allowed", "/healthz is read by GET or HEAD", headers: [Header("allow", "GET, HEAD")])

  static let expectationFailed = error(
    417, "expectation_failed", "the only expectation that is met is 100-continue")

  static let headersTooLarge = error(
    431, "headers_too_large",
    "the request line and headers are larger than \(RequestParser.maxHeaderBytes) bytes")

  static func badRequest(_ message: String) -> IngestReply { error(400, "bad_request", message) }

  static let malformed = badRequest("this is not an HTTP/1.1 request")

  static let bodiesOverBudget = unavailable(
    "the bodies in flight have reached server.max_inflight; try again")

  static let tooManyConnections = unavailable(
    "the connections have reached server.max_connections; try again")
}

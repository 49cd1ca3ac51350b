import RelayPipeline

/// Replies that only the listener gives.
extension IngestReply {
  static let healthy = IngestReply(status: 200, body: Array(#"{"status":"ok"}"#.utf8))

  static let healthMethodNotAllowed = error(
    405, "method_not_allowed", "/healthz is read by GET or HEAD", headers: [Header("allow", "GET, HEAD")])

  static let expectationFailed = error(
    417, "expectation_failed", "the only expectation that is met is 100-continue")

  static let headersTooLarge = error(
    431, "headers_too_large",
    "the request line and headers are larger than \(RequestParser.maxHeaderBytes) bytes")

  static let tooManyHeaders = error(
    431, "headers_too_large", "the request has more than \(RequestParser.maxHeaderFields) headers")

  static func badRequest(_ message: String) -> IngestReply { error(400, "bad_request", message) }

  static let malformed = badRequest("this is not an HTTP/1.1 request")

  static let bodiesOverBudget = unavailable(
    "the bodies in flight have reached server.max_inflight; try again", code: "too_many_bytes")

  static let tooManyConnections = unavailable(
    "the connections have reached server.max_connections; try again", code: "too_many_connections")

  /// - Parameter name: The sender's text, which goes back to the sender. The reason names only what is registered, so that
  ///   there are not as many reasons as a sender likes.
  static func unknownCoding(_ name: String) -> IngestReply {
    var reply = unsupported(
      "the content-encoding '\(name)' is not read here; send the body as it is, or with one of \(ContentCoding.accepted)",
      headers: [Header("accept-encoding", ContentCoding.accepted)])
    let known = ContentCoding.registered.contains(name.lowercased())
    reply.reason = "the content-encoding \(known ? "'\(name.lowercased())' " : "")is not read here"
    return reply
  }

  /// - Parameter coding: What the head says.
  static func undecodable(_ coding: ContentCoding) -> IngestReply {
    let name = coding == .gzip ? "gzip" : "deflate"
    return error(
      400, "invalid_encoding",
      "the content-encoding is \(name), but the body is not, or ends too early; send it anew, or without the header"
    )
  }
}

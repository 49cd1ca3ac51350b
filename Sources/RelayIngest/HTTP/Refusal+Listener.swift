import RelayPipeline

extension IngestReply {
  static let healthy = IngestReply(status: 200, body: Array(#"{"status":"ok"}"#.utf8))
}

/// What only the listener refuses.
extension Refusal {
  static let healthMethodNotAllowed = Refusal(
    .methodNotAllowed, "/healthz is read by GET or HEAD", headers: [.init("allow", "GET, HEAD")])

  static let expectationFailed = Refusal(
    .expectationFailed, "the only expectation that is met is 100-continue")

  /// - Parameter fault: What is wrong with the header that was to come first.
  static func proxyHeader(_ fault: ProxyHeaderParser.Fault) -> Refusal {
    badRequest(
      "a connection has to begin with a PROXY header here (server.proxy_protocol), and this one is not right: \(fault.rawValue)"
    )
  }

  /// Never sent: the connection is closed.
  static let strangersProxyHeader = Refusal(
    .forbiddenAddress,
    "connections come from server.trusted_proxies alone while server.proxy_protocol is true, and this peer is none of them"
  )

  static let headersTooLarge = Refusal(
    .headersTooLarge,
    "the request line and headers are larger than \(RequestParser.maxHeaderBytes) bytes")

  static let tooManyHeaders = Refusal(
    .headersTooLarge, "the request has more than \(RequestParser.maxHeaderFields) headers")

  /// Nobody is told: the connection is closed.
  static func tlsFailed(_ explanation: String) -> Refusal { Refusal(.tlsFailed, explanation) }

  static func badRequest(_ message: String) -> Refusal { Refusal(.badRequest, message) }

  static let malformed = badRequest("this is not an HTTP/1.1 request")

  static let bodiesOverBudget = unavailable(
    .tooManyBytes, "the bodies in flight have reached server.max_inflight; try again")

  static let tooManyConnections = unavailable(
    .tooManyConnections, "the connections have reached server.max_connections; try again")

  static let tooManyConnectionsOfPeer = unavailable(
    .tooManyConnectionsOfPeer,
    "the connections of this address have reached server.max_connections_per_peer; close some, or try again")

  /// - Parameter name: The sender's text, which goes back to the sender. The explanation names only what is registered, so
  ///   that there are not as many of them as a sender likes.
  static func unknownCoding(_ name: String) -> Refusal {
    let known = ContentCoding.registered.contains(name.lowercased())
    return unsupported(
      "the content-encoding '\(name)' is not read here; send the body as it is, or with one of \(ContentCoding.accepted)",
      explanation: "the content-encoding \(known ? "'\(name.lowercased())' " : "")is not read here",
      headers: [.init("accept-encoding", ContentCoding.accepted)])
  }

  /// - Parameter coding: What the head says.
  static func undecodable(_ coding: ContentCoding) -> Refusal {
    let name = coding == .gzip ? "gzip" : "deflate"
    return Refusal(
      .invalidEncoding,
      "the content-encoding is \(name), but the body is not, or ends too early; send it anew, or without the header"
    )
  }
}

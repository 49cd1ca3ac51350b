import RelayCore

/// Who may ask what: decided on a request's head, before any of its body is taken.
///
/// A browser is the danger on loopback: any page may send requests there. One that calls itself by a name of
/// its own (DNS rebinding) is found by its `Host`, one that asks across origins by its `Origin`, and a form,
/// which needs no consent for its request, by its content type.
struct Admission: Sendable {
  /// The values of `Host` that are ours, in lower case; nil: any. A listener that others can reach is known
  /// by names that it can't know, and has a token.
  var hosts: Set<String>?
  var token: Secret?

  init(hosts: Set<String>?, token: Secret?) {
    self.hosts = hosts
    self.token = token
  }

  /// - Parameters:
  ///   - configured: What `server.admin` says.
  ///   - bound: Where the socket is.
  init(configured: ListenAddress, bound: ListenAddress, token: Secret?) {
    self.init(hosts: bound.isLoopback ? Self.loopbackHosts(configured, bound) : nil, token: token)
  }

  private static func loopbackHosts(_ configured: ListenAddress, _ bound: ListenAddress) -> Set<String> {
    var hosts: Set<String> = []
    for name in [configured.host, bound.host, "localhost", "127.0.0.1", "::1"] {
      let host = name.contains(":") ? "[\(name)]" : name
      hosts.insert("\(host):\(bound.port)".lowercased())
      // Clients leave out the port that is HTTP's own.
      if bound.port == 80 { hosts.insert(host.lowercased()) }
    }
    return hosts
  }

  /// Why the request is refused, or what it asks for.
  func admit(_ head: RequestHead) -> Result<Endpoint, APIError> {
    do throws(APIError) {
      try checkHost(head)
      try checkOrigin(head)
      let endpoint = Endpoint(path: head.path)
      if endpoint == nil { try checkEnvelope(head) }
      if endpoint?.needsToken ?? true { try checkToken(head) }
      guard let endpoint else {
        throw APIError(404, "not_found", "there is nothing at \(head.path.prefix(200)); see /api/v1/status")
      }
      try checkMethod(head, endpoint)
      return .success(endpoint)
    } catch {
      return .failure(error)
    }
  }

  /// Who posts somewhere that is no part of the API has likely mistaken the one port for the other. To be told so takes
  /// no token: Huggy has none of ours.
  private func checkEnvelope(_ head: RequestHead) throws(APIError) {
    guard head.method == "POST" || head.method == "PUT", !head.path.hasPrefix("/api/") else { return }
    throw APIError(
      404, "not_found",
      "this is server.admin, which takes no envelopes; post them to server.listen, at a source's path")
  }

  private func checkHost(_ head: RequestHead) throws(APIError) {
    // No browser leaves it out.
    guard let hosts, let host = head.host, !hosts.contains(host.lowercased()) else { return }
    throw APIError(
      403, "forbidden_host",
      "the Host header is '\(host.prefix(200))'; on loopback it is one of "
        + hosts.sorted().joined(separator: ", ")
    )
  }

  private func checkOrigin(_ head: RequestHead) throws(APIError) {
    guard let origin = head.origin?.lowercased() else { return }
    let host = head.host?.lowercased() ?? ""
    // A proxy in front may speak TLS.
    guard origin == "http://\(host)" || origin == "https://\(host)" else {
      throw APIError(
        403, "forbidden_origin", "a page of '\(origin.prefix(200))' may not use this API; its own may")
    }
  }

  private func checkToken(_ head: RequestHead) throws(APIError) {
    guard let token else { return }
    let parts = (head.authorization ?? "").split(separator: " ", maxSplits: 1)
    let given = parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : ""
    guard !given.isEmpty, token.equals(given) else {
      throw APIError(
        401, "unauthorized",
        given.isEmpty
          ? "this needs server.admin_token, as 'Authorization: Bearer TOKEN'"
          : "this is not server.admin_token",
        headers: [AdminResponse.Header("www-authenticate", "Bearer realm=\"huggy-relay\"")])
    }
  }

  private func checkMethod(_ head: RequestHead, _ endpoint: Endpoint) throws(APIError) {
    let methods = endpoint.methods
    guard methods.contains(head.method) else {
      let allowed = methods.joined(separator: ", ")
      throw APIError(
        405, "method_not_allowed", "\(head.path.prefix(200)) takes \(allowed)",
        headers: [AdminResponse.Header("allow", allowed)])
    }
    guard endpoint.isChange else { return }
    let type = (head.contentType ?? "").prefix { $0 != ";" && $0 != " " }
    guard type.lowercased() == "application/json" else {
      throw APIError(
        415, "unsupported_media_type", "changes are asked for with 'Content-Type: application/json'")
    }
  }
}

extension Secret {
  /// Takes as long for every text of one length: how much of it is right can't be measured.
  func equals(_ text: String) -> Bool {
    let expected = Array(reveal.utf8)
    let given = Array(text.utf8)
    guard !expected.isEmpty else { return false }
    var difference = UInt8(expected.count == given.count ? 0 : 1)
    for (index, byte) in given.enumerated() { difference |= byte ^ expected[index % expected.count] }
    return difference == 0
  }
}

extension ListenAddress {
  /// Only this machine can reach it. For addresses: a name is none until it is resolved.
  var isLoopback: Bool {
    host == "::1" || host.hasPrefix("127.") || host.lowercased().hasPrefix("::ffff:127.")
  }
}

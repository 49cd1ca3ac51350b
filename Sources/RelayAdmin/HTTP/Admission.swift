import RelayCore

/// A request's line and headers, as far as they matter here.
struct RequestHead: Equatable {
  var method: String
  /// Without its query.
  var path: String
  /// What follows the `?`.
  var query: String?
  /// nil: there was none (HTTP/1.0 allows that).
  var host: String?
  var origin: String?
  /// What a browser says of who asks (`Sec-Fetch-Site`); nil: none, or an old one.
  var fetchSite: String?
  var authorization: String?
  var contentType: String?
  /// nil: not said, or not a number.
  var contentLength: Int?
  var accept: String?
  /// Where the reader of a stream goes on.
  var lastEventID: String?
  /// All cookies, as they came.
  var cookie: String?
  /// Which bytes a browser has already.
  var ifNoneMatch: String?
  /// A browser leads a whole window or tab there (`Sec-Fetch-Mode`, `Sec-Fetch-Dest`).
  var isNavigation = false

  init(
    method: String, target: String, host: String? = nil, origin: String? = nil, fetchSite: String? = nil,
    authorization: String? = nil, contentType: String? = nil, contentLength: Int? = nil
  ) {
    self.method = method
    self.host = host
    self.origin = origin
    self.fetchSite = fetchSite
    self.authorization = authorization
    self.contentType = contentType
    self.contentLength = contentLength
    let target = target.prefix { $0 != "#" }
    let mark = target.firstIndex(of: "?")
    path = String(target[..<(mark ?? target.endIndex)])
    query = mark.map { String(target[target.index(after: $0)...]) }
  }
}

/// Who may ask what: decided on a request's head, before any of its body is taken.
///
/// A browser is the danger on loopback: any page may send requests there. One that calls itself by a name of
/// its own (DNS rebinding) is found by its `Host`, one that asks across origins by its `Origin`, a form, which needs no
/// consent for its request, by its content type, and a page that only loads an address as an image or a script, which
/// names no origin, by its `Sec-Fetch-Site`.
struct Admission: Sendable {
  /// The listener's own names.
  private let names: Set<String>
  /// The listener is every address of this machine: whatever address a request names is one of them, or leads to one. An
  /// address, unlike a name, can't be pointed here by a stranger.
  private let isAnyAddressOurs: Bool
  /// Nobody but this machine reaches the listener.
  private let isLoopback: Bool
  /// The connection itself speaks TLS.
  private let isByTLS: Bool
  private let access: AdminAccess
  private let clock: any WallClock
  private let table: EndpointTable

  /// - Parameters:
  ///   - configured: What `server.admin` says.
  ///   - bound: Where the socket is; nil, until that is known: the strict rules hold.
  ///   - isByTLS: The connection speaks TLS with the listener.
  init(
    configured: ListenAddress, bound: ListenAddress?, isByTLS: Bool = false, access: AdminAccess,
    clock: any WallClock,
    table: EndpointTable = .relay
  ) {
    let own = [configured, bound].compactMap { $0?.hostName }
    names = Set(own.map(\.name))
    isAnyAddressOurs = bound?.isWildcard ?? false
    isLoopback = bound?.hostName?.isLoopback ?? false
    self.isByTLS = isByTLS
    self.access = access
    self.clock = clock
    self.table = table
  }

  /// Whether who asks has come by TLS: to the listener itself, or to a proxy in front, as a browser says of its page's origin.
  func isFromTLS(_ head: RequestHead) -> Bool {
    isByTLS || (head.origin?.lowercased().hasPrefix("https://") ?? false)
  }

  /// What a request asks for, and who asks.
  struct Admitted: Sendable {
    var endpoint: Endpoint
    var caller: Caller
    /// A younger cookie for the caller, where they are known by one and that is due.
    var renewal: Session.Renewal?
    /// What stands at the names of the endpoint's path.
    var names: [String: String]
  }

  /// Why the request is refused, or what it asks for.
  func admit(_ head: RequestHead) -> Result<Admitted, APIError> {
    do throws(APIError) {
      try checkHost(head)
      try checkOrigin(head)
      let place = table.place(at: head.path)
      // The dashboard's own place takes no posts, and is a source's path in many a configuration.
      if place == nil || head.path == "/" { try checkEnvelope(head, place) }
      let endpoint = place?.endpoint(for: head.method)
      // Who has no token is told nothing of what there is. (A probe that asks by the wrong method is told which is right.)
      let isOpen = place?.endpoints.contains { $0.role == nil } ?? false
      let person = isOpen ? nil : try person(head)
      guard let place else {
        throw APIError(404, "not_found", "there is nothing at \(head.path.prefix(200)); see /api/v1/status")
      }
      guard let endpoint else { throw wrongMethod(head, place) }
      if let role = endpoint.role, let person { try checkRole(person.caller, role, endpoint) }
      try checkContentType(head, endpoint)
      return .success(
        Admitted(
          endpoint: endpoint, caller: person?.caller ?? .local, renewal: person?.renewal, names: place.names))
    } catch {
      return .failure(error)
    }
  }

  /// Who posts somewhere that is no part of the API has likely mistaken the one port for the other. To be told so takes
  /// no token: Huggy has none of ours.
  private func checkEnvelope(_ head: RequestHead, _ place: EndpointTable.Place?) throws(APIError) {
    guard head.method == "POST" || head.method == "PUT", !head.path.hasPrefix("/api/") else { return }
    let hint =
      "this is server.admin, which takes no envelopes; post them to server.listen, at a source's path"
    guard let place else { throw APIError(404, "not_found", hint) }
    throw APIError(405, "method_not_allowed", hint, headers: [allow(place)])
  }

  /// A port is no matter: a tunnel's is its own.
  private func checkHost(_ head: RequestHead) throws(APIError) {
    // No browser leaves it out.
    guard let text = head.host else { return }
    if let host = HostName(text),
      host.isLoopback || names.contains(host.name) || access.isHost(host.name)
        || (isAnyAddressOurs && host.isAddress)
    {
      return
    }
    throw APIError(
      403, "forbidden_host",
      "the Host header is '\(text.prefix(200))', which is no name of this listener; "
        + "if it is one, a proxy's perhaps, add it to server.admin_hosts")
  }

  private func checkOrigin(_ head: RequestHead) throws(APIError) {
    // A link to the page, in a mail perhaps, may be followed: it shows nothing but what it asks for itself, and in no frame.
    if head.fetchSite?.lowercased() == "cross-site", !(head.path == "/" && head.isNavigation) {
      throw APIError(
        403, "forbidden_origin",
        "a page of another site may not use this API, nor lead here; type the address into the browser yourself"
      )
    }
    guard let origin = head.origin?.lowercased() else { return }
    let host = head.host?.lowercased() ?? ""
    // A proxy in front may speak TLS. Where the listener does, a page that came in the clear is anybody's on its way.
    guard origin == "https://\(host)" || (!isByTLS && origin == "http://\(host)") else {
      throw APIError(
        403, "forbidden_origin", "a page of '\(origin.prefix(200))' may not use this API; its own may")
    }
  }

  /// Who asks. A proxy's own password, which a browser sends as `Basic`, says nothing of that: then the cookie does.
  private func person(_ head: RequestHead) throws(APIError) -> (caller: Caller, renewal: Session.Renewal?) {
    // A reload may take all tokens away; who comes from elsewhere is let in by none all the same.
    if access.asksForNoToken, isLoopback { return (.local, nil) }
    let parts = (head.authorization ?? "").split(separator: " ", maxSplits: 1)
    let isBearer = parts.first?.lowercased() == "bearer"
    if !isBearer, let text = head.cookie, let known = try sessionOwner(head, text) { return known }
    let given = parts.count == 2 && isBearer ? String(parts[1]) : ""
    if !given.isEmpty, let caller = access.caller(with: given) { return (caller, nil) }
    throw APIError(
      401, "unauthorized",
      given.isEmpty
        ? "this needs a token of server.admin_token or server.admin_tokens, as 'Authorization: Bearer TOKEN', or a login"
        : "this is no token of server.admin_token or server.admin_tokens",
      headers: [AdminResponse.Header("www-authenticate", "Bearer realm=\"huggy-relay\"")])
  }

  /// Whose session a cookie holds; nil: nobody's, or none any more.
  ///
  /// A browser sends it with what any page of this machine asks for, whatever that page's port. Where nobody has a token such a page
  /// is no less than any program on the machine; in a person's name it does nothing.
  private func sessionOwner(
    _ head: RequestHead, _ cookies: String
  ) throws(APIError) -> (caller: Caller, renewal: Session.Renewal?)? {
    for text in SessionCookie.texts(in: cookies) {
      guard let (caller, renewal) = access.owner(of: text, at: clock.now()) else { continue }
      guard head.fetchSite?.lowercased() != "same-site" else {
        throw APIError(
          403, "forbidden_origin", "a page of another origin may not use this login; the dashboard's own may")
      }
      return (caller, renewal)
    }
    return nil
  }

  private func checkRole(_ caller: Caller, _ role: Role, _ endpoint: Endpoint) throws(APIError) {
    guard caller.role < role else { return }
    throw APIError(
      403, "forbidden_role",
      "\(endpoint.id) needs the role \(role.rawValue); \(caller.name) has the role \(caller.role.rawValue)")
  }

  private func wrongMethod(_ head: RequestHead, _ place: EndpointTable.Place) -> APIError {
    let allowed = allow(place)
    return APIError(
      405, "method_not_allowed", "\(head.path.prefix(200)) takes \(allowed.value)", headers: [allowed])
  }

  private func allow(_ place: EndpointTable.Place) -> AdminResponse.Header {
    AdminResponse.Header("allow", place.methods.joined(separator: ", "))
  }

  /// A form, which a page of another site may send without asking, has another.
  private func checkContentType(_ head: RequestHead, _ endpoint: Endpoint) throws(APIError) {
    guard endpoint.method == .post else { return }
    let type = (head.contentType ?? "").prefix { $0 != ";" && $0 != " " }
    guard type.lowercased() == "application/json" else {
      throw APIError(
        415, "unsupported_media_type", "changes are asked for with 'Content-Type: application/json'")
    }
  }
}

extension ListenAddress {
  /// Every address of this machine. For addresses: a name is none until it is resolved.
  fileprivate var isWildcard: Bool { ["0.0.0.0", "::", "::ffff:0.0.0.0"].contains(host.lowercased()) }

  fileprivate var hostName: HostName? { HostName(host.contains(":") ? "[\(host)]" : host) }
}

import RelayCore

extension ConfigNode {
  func serverSettings() -> ServerSettings {
    var settings = ServerSettings()
    guard var section = section(mayBeEmpty: true) else { return settings }
    settings.readAddresses(&section)
    settings.tls = section.take("tls")?.listenerTLS()
    settings.readAdminTLS(&section)
    settings.readAttachments(&section)
    let body = section.take("max_body")
    settings.maxBodyBytes = body?.size(1 << 10...1 << 30) ?? settings.maxBodyBytes
    let inflight = section.take("max_inflight")
    settings.maxInflightBytes = inflight?.size(1 << 10...1 << 40) ?? settings.maxInflightBytes
    settings.maxConnections =
      section.take("max_connections")?.integer(1...1_000_000) ?? settings.maxConnections
    settings.maxConnectionsPerPeer =
      section.take("max_connections_per_peer").map { $0.connectionsOfPeer() ?? nil }
      ?? settings.usualConnectionsOfPeer
    settings.readProxies(&section)
    settings.requestTimeout = section.take("request_timeout")?.duration() ?? settings.requestTimeout
    settings.idleTimeout = section.take("idle_timeout")?.duration() ?? settings.idleTimeout
    settings.drain = section.take("drain")?.duration(.zero ... .seconds(86_400)) ?? settings.drain

    if settings.maxBodyBytes > settings.maxInflightBytes, settings.maxInflightBytes != Units.unresolvedSize,
      let node = inflight ?? body
    {
      node.error(
        "max_inflight is less than max_body: the largest bodies could never be received; raise max_inflight")
    }
    section.finish()
    return settings
  }
}

extension ServerSettings {
  /// A quarter of all: one address can't take the others' places, and has more than any sender needs. On loopback all are of this
  /// machine, such as a proxy's.
  fileprivate var usualConnectionsOfPeer: Int? { listen.isLoopback ? nil : max(1, maxConnections / 4) }
}

extension ConfigNode {
  /// nil: a fault; .some(nil): unlimited.
  fileprivate func connectionsOfPeer() -> Int?? {
    value(
      "a number of connections, or unlimited", words: ["unlimited"], form: .integer(1...1_000_000),
      placeholder: nil
    ) { text throws(Fault) in
      if text == "unlimited" { return nil }
      guard let count = Units.integer(text), (1...1_000_000).contains(count) else {
        throw Fault("is not a number of connections; write one from 1 to 1000000, or unlimited")
      }
      return count
    }
  }
}

extension ServerSettings {
  /// Takes `trusted_proxies` and `proxy_protocol`.
  fileprivate mutating func readProxies(_ section: inout Section) {
    let proxies = section.take("trusted_proxies")
    trustedProxies = proxies?.trustedProxies() ?? trustedProxies
    guard let node = section.take("proxy_protocol"), let isRead = node.bool() else { return }
    proxyProtocol = isRead
    if isRead, proxies == nil || proxies?.isEmptyList == true {
      node.error(
        "nobody may send a PROXY header: name the proxies that do in server.trusted_proxies, or write false")
    }
  }
}

extension ServerSettings {
  /// Takes `listen`, `admin` and its tokens, which must fit together.
  fileprivate mutating func readAddresses(_ section: inout Section) {
    let listening = section.take("listen")
    let administration = section.take("admin")
    let token = section.take("admin_token", isSecret: true)
    adminToken = token?.adminToken()
    let people = section.take("admin_tokens", isSecret: true)
    adminTokens = people?.adminTokens() ?? adminTokens
    warnAboutPeople(token: token, people: people)
    adminHosts = section.take("admin_hosts")?.adminHosts() ?? adminHosts

    // nil: it is wrong, and no more is told of it.
    let readListen: ListenAddress? = listening.map { $0.listenAddress() } ?? listen
    let readAdmin: ListenAddress?? = administration.map { $0.adminAddress() } ?? .some(admin)
    listen = readListen ?? listen
    admin = readAdmin ?? admin

    guard let readAdmin, let admin = readAdmin else { return }
    if token == nil, people == nil || people?.isEmptyList == true, !admin.isLoopback {
      // It may come from a reference, so it is not shown.
      administration?.error(
        "others than this machine can reach this address; set server.admin_token, or write 127.0.0.1:8081 or off"
      )
    }
    guard let readListen, admin.collides(with: readListen) else { return }
    if let administration {
      administration.error("server.listen takes this address and port; give admin another port, or write off")
    } else {
      listening?.error(
        "server.admin is \(admin) unless the file says otherwise; give one of the two another port, "
          + "or write admin: off")
    }
  }
}

extension ServerSettings {
  /// Takes `admin_tls`, once the address is known.
  fileprivate mutating func readAdminTLS(_ section: inout Section) {
    guard let node = section.take("admin_tls") else { return }
    adminTLS = node.listenerTLS()
    if admin == nil { node.warning("server.admin is off: nobody listens with it; give it an address") }
  }
}

extension ServerSettings {
  /// Takes `attachments` and `attachments_url`, once the other addresses are known.
  fileprivate mutating func readAttachments(_ section: inout Section) {
    let (listening, url) = (section.take("attachments"), section.take("attachments_url"))
    attachmentsURL = url?.attachmentsURL() ?? attachmentsURL
    guard let listening, let read = listening.attachmentsAddress(), let address = read else { return }
    attachments = address
    if address.collides(with: listen) || (admin.map { address.collides(with: $0) } ?? false) {
      listening.error("server.listen or server.admin takes this address and port; give this one another port")
    }
    if url == nil {
      listening.warning(
        "nobody is told how to reach it; set server.attachments_url, such as http://relay.internal:\(address.port)"
      )
    }
  }
}

extension ServerSettings {
  /// What is allowed and hardly meant.
  fileprivate func warnAboutPeople(token: ConfigNode?, people: ConfigNode?) {
    guard let people, !adminTokens.isEmpty else { return }
    if let adminToken, adminTokens.contains(where: { $0.value == adminToken }) {
      people.warning(
        "somebody here has the token of admin_token, and is `admin` by it; give each their own token")
    }
    if token == nil, !adminTokens.contains(where: { $0.role >= .operator }) {
      people.warning("nobody may change anything: no one here has the role operator or admin")
    }
  }
}

extension ConfigNode {
  fileprivate var isEmptyList: Bool {
    if case .sequence(let items) = node.content { items.isEmpty } else { false }
  }

  /// As `HostName` reads it, without a port.
  private static let host = ScalarForm.spelled(
    #"^(\[[0-9A-Za-z._%-]*:[0-9A-Za-z._:%-]*\]|(?!.*\.\.[^:])(?!\.:?$)[0-9A-Za-z._-]+):?$"#)

  /// Names as `Host` has them, but for their ports: any port will do.
  fileprivate func adminHosts() -> [String] {
    let expected = "a host name or a list of them"
    guard let items = items(expected, emptyFault: nil) else { return [] }
    return items.compactMap { item in
      item.value("a host name such as relay.example", form: Self.host, placeholder: "placeholder") {
        text throws(Fault) in
        guard let host = HostName(text), host.port == nil else {
          throw Fault(
            "is not a host name; write it without http:// and without a port, such as relay.example")
        }
        return host.name
      }
    }
  }
}

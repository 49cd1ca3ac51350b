import RelayCore

/// What one configuration says otherwise than another, by names alone.
package struct ConfigurationChanges: Sendable, Equatable {
  /// The changes of one kind of named thing, each in the order of its file.
  package struct Names: Sendable, Equatable {
    package var added: [String] = []
    package var removed: [String] = []
    package var changed: [String] = []

    package init(added: [String] = [], removed: [String] = [], changed: [String] = []) {
      self.added = added
      self.removed = removed
      self.changed = changed
    }

    package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

    fileprivate init<Value: Equatable>(from old: [Value], to new: [Value], name: (Value) -> String) {
      let before = Dictionary(old.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
      let after = Set(new.map(name))
      added = new.map(name).filter { before[$0] == nil }
      removed = old.map(name).filter { !after.contains($0) }
      changed = new.filter { value in before[name(value)].map { $0 != value } ?? false }.map(name)
    }
  }

  package var destinations = Names()
  package var sources = Names()
  package var routes = Names()
  /// Receivers of notices.
  package var notify = Names()
  /// The routes that stayed stand in another order.
  package var isRouteOrderChanged = false
  /// Keys of `server` and `store`, such as `server.max_body`, and `egress`.
  package var limits: [String] = []
  /// Whether a token, a password, a signing secret or a header's value has changed, of what was there before and is now.
  package var areSecretsChanged = false

  package init() {}

  package init(from old: Configuration, to new: Configuration) {
    // Each destination has it, and it is one change.
    let isEgressChanged = old.egress != new.egress
    let (old, new) = (old.withoutEgress, new.withoutEgress)
    destinations = Names(from: old.destinations.map(\.withoutPlace), to: new.destinations.map(\.withoutPlace))
    {
      $0.name
    }
    sources = Names(from: old.sources, to: new.sources) { $0.name }
    routes = Names(from: old.routes, to: new.routes) { $0.name }
    notify = Names(from: old.notify, to: new.notify) { $0.name }
    let (before, after) = (old.routes.map(\.name), new.routes.map(\.name))
    let stayed = Set(before).intersection(after)
    isRouteOrderChanged = before.filter(stayed.contains) != after.filter(stayed.contains)
    limits =
      ServerSettings.keys(from: old.server, to: new.server)
      + StoreSettings.keys(from: old.store, to: new.store) + (isEgressChanged ? ["egress"] : [])
    let credentials = new.credentials
    areSecretsChanged = old.credentials.contains { name, old in credentials[name].map { $0 != old } ?? false }
  }

  package var isEmpty: Bool { self == ConfigurationChanges() }
}

extension Configuration {
  fileprivate var withoutEgress: Configuration {
    var configuration = self
    configuration.setEgress(EgressPolicy())
    return configuration
  }
}

extension ServerSettings {
  fileprivate static func keys(from old: ServerSettings, to new: ServerSettings) -> [String] {
    var (keys, compared) = ([String](), old)
    func compare<Value: Equatable>(_ key: String, _ path: WritableKeyPath<ServerSettings, Value>) {
      if old[keyPath: path] != new[keyPath: path] { keys.append("server.\(key)") }
      compared[keyPath: path] = new[keyPath: path]
    }
    compare("listen", \.listen)
    compare("tls", \.tls)
    compare("admin", \.admin)
    compare("admin_tls", \.adminTLS)
    compare("admin_token", \.adminToken)
    compare("admin_tokens", \.adminTokens)
    compare("admin_hosts", \.adminHosts)
    compare("attachments", \.attachments)
    compare("attachments_url", \.attachmentsURL)
    compare("max_body", \.maxBodyBytes)
    compare("max_inflight", \.maxInflightBytes)
    compare("max_connections", \.maxConnections)
    compare("max_connections_per_peer", \.maxConnectionsPerPeer)
    compare("trusted_proxies", \.trustedProxies)
    compare("proxy_protocol", \.proxyProtocol)
    compare("request_timeout", \.requestTimeout)
    compare("idle_timeout", \.idleTimeout)
    compare("drain", \.drain)
    // A setting that has no name here is still a change.
    return compared == new ? keys : keys + ["server"]
  }
}

extension StoreSettings {
  fileprivate static func keys(from old: StoreSettings, to new: StoreSettings) -> [String] {
    var (keys, compared) = ([String](), old)
    func compare<Value: Equatable>(_ key: String, _ path: WritableKeyPath<StoreSettings, Value>) {
      if old[keyPath: path] != new[keyPath: path] { keys.append("store.\(key)") }
      compared[keyPath: path] = new[keyPath: path]
    }
    compare("url", \.location)
    compare("keep", \.keep)
    compare("retention", \.retention)
    compare("dead_retention", \.deadRetention)
    compare("unrouted_retention", \.unroutedRetention)
    compare("max_size", \.maxBytes)
    return compared == new ? keys : keys + ["store"]
  }
}

extension Destination {
  /// The line of the file says nothing of the destination.
  fileprivate var withoutPlace: Destination {
    var destination = self
    destination.pausedAt = pausedAt.map { _ in "" }
    return destination
  }
}

extension SigningSecret {
  /// When it ends, everybody may know.
  fileprivate var withoutEnd: SigningSecret {
    var secret = self
    secret.until = nil
    return secret
  }
}

/// What of a part of the configuration nobody else may know.
private struct Credentials: Equatable {
  var secrets: [Secret] = []
  var keys: [SigningSecret] = []
}

extension Configuration {
  /// By what they are of.
  fileprivate var credentials: [String: Credentials] {
    var credentials = ["server.admin_token": Credentials(secrets: server.adminToken.map { [$0] } ?? [])]
    if case .postgres(let address, ownFiles: _) = store.location {
      credentials["store.url"] = Credentials(secrets: [address.url])
    }
    for person in server.adminTokens {
      credentials["server.admin_tokens.\(person.name)"] = Credentials(secrets: [person.value])
    }
    for source in sources {
      credentials["sources.\(source.name)"] = Credentials(secrets: source.tokens.map(\.value))
    }
    for destination in destinations {
      var own = Credentials(
        secrets: destination.headers.map(\.value), keys: destination.signingSecrets.map(\.withoutEnd))
      switch destination.authorization {
      case .bearer(let token): own.secrets.append(token)
      case .basic(let username, let password): own.secrets += [Secret(username), password]
      case .oauth2(let client): own.secrets.append(client.clientSecret)
      case nil: break
      }
      if case .through(let proxy) = destination.network.proxy { own.secrets.append(proxy.url) }
      if let client = destination.tls.client { own.secrets.append(client.key) }
      credentials["destinations.\(destination.name)"] = own
    }
    for receiver in notify {
      // It is often as secret as a token, and nothing else is.
      credentials["notify.\(receiver.name)"] = Credentials(secrets: [receiver.url])
    }
    return credentials
  }
}

extension ConfigurationChanges {
  /// What has changed, kind by kind, for people: `destinations`, `+bi -audit ~crm`.
  package var texts: [(name: String, text: String)] {
    var texts = [("destinations", destinations.text), ("sources", sources.text), ("routes", routes.text)]
    if isRouteOrderChanged { texts[2].1 += texts[2].1.isEmpty ? "in another order" : ", in another order" }
    texts.append(("notify", notify.text))
    texts.append(("limits", limits.joined(separator: " ")))
    texts.append(("secrets", areSecretsChanged ? "changed" : ""))
    return texts.filter { !$0.1.isEmpty }
  }
}

extension ConfigurationChanges.Names {
  /// `+added -removed ~changed`, a few of each.
  fileprivate var text: String {
    [("+", added), ("-", removed), ("~", changed)]
      .flatMap { sign, names in
        names.prefix(Self.shown).map { "\(sign)\($0)" }
          + (names.count > Self.shown ? ["\(sign)\(names.count - Self.shown) more"] : [])
      }
      .joined(separator: " ")
  }

  private static var shown: Int { 20 }
}

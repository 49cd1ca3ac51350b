import RelayText

/// A validated routes.yaml: everything the relay is told, with every default filled in.
package struct Configuration: Sendable, Equatable {
  package var server: ServerSettings
  package var store: StoreSettings
  /// In the order of the file; names and paths are unique.
  package var sources: [Source]
  package var destinations: [Destination]
  package var routes: [Route]
  /// Who is told how the relay is, in the order of the file; names are unique.
  package var notify: [NoticeReceiver] = []
  /// What may be connected to. Each destination, receiver of notices and source of attachments has it, too.
  package private(set) var egress = EgressPolicy()
  /// SHA-256 of the file, in lower-case hexadecimal digits, first 12. Secrets from the environment take no part.
  package var hash: String

  package init(
    server: ServerSettings = ServerSettings(), store: StoreSettings = StoreSettings(), sources: [Source] = [],
    destinations: [Destination] = [], routes: [Route] = [], hash: String = ""
  ) {
    self.server = server
    self.store = store
    self.sources = sources
    self.destinations = destinations
    self.routes = routes
    self.hash = hash
  }

  /// Sets what may be connected to, for everything that connects.
  package mutating func setEgress(_ policy: EgressPolicy) {
    egress = policy
    for index in destinations.indices { destinations[index].network.egress = policy }
    for index in notify.indices { notify[index].network.egress = policy }
    for index in sources.indices { sources[index].attachments?.egress = policy }
  }
}

/// A host (name or address) and a port; port 0 lets the system choose.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  package var host: String
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// No address, but the sockets that systemd has opened and passes on (`server.listen: systemd`).
  package static let systemd = ListenAddress(host: systemdWord, port: 0)
  /// As routes.yaml writes it. No host is called so: names are none there.
  package static let systemdWord = "systemd"
  package var isSystemd: Bool { self == .systemd }

  package var description: String {
    isSystemd ? Self.systemdWord : host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// What is listened on: `localhost` is both its addresses, since its clients may try either first; a resolver gives only
  /// one of them.
  package var places: [String] { host.asciiLowercased == "localhost" ? ["127.0.0.1", "::1"] : [host] }
}

package struct ServerSettings: Sendable, Equatable {
  package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
  /// What `listen` speaks TLS with; nil: it speaks plain HTTP.
  package var tls: ListenerTLS?
  package var maxBodyBytes = 5 << 20
  /// Bodies being received or waiting for their answer, over all connections.
  package var maxInflightBytes = 64 << 20
  package var maxConnections = 10_000
  /// Of one address that is no trusted proxy; nil: as many as there are.
  package var maxConnectionsPerPeer: Int?
  /// The proxies before the relay, whose word is believed about whom they speak for.
  package var trustedProxies = TrustedProxies.none
  /// Each connection begins with a PROXY header, and comes from one of them.
  package var proxyProtocol = false
  /// For the headers and the body together.
  package var requestTimeout = Duration.seconds(30)
  /// Above those of the usual proxies (Caddy 2 min, Google's load balancer 10 min): the one who sends is to close first.
  package var idleTimeout = Duration.seconds(11 * 60)
  package var drain = Duration.seconds(20)
  /// Where the admin API and the metrics are; nil: nowhere.
  package var admin: ListenAddress? = ListenAddress(host: "127.0.0.1", port: 8081)
  /// What `admin` speaks TLS with; nil: it speaks plain HTTP.
  package var adminTLS: ListenerTLS?
  /// What gives the role admin as bearer token of the admin API.
  package var adminToken: Secret?
  /// People and programs by name, each with a token and a role of their own.
  package var adminTokens: [AdminToken] = []
  /// Further names that the admin API answers to, without a port: a proxy's, a tunnel's.
  package var adminHosts: [String] = []
  /// Where rescued attachments are fetched by signed links; nil: nowhere.
  package var attachments: ListenAddress?
  /// How destinations reach it, without a slash at its end: `http` or `https`, a host, perhaps a path; nil: it is not told.
  package var attachmentsURL: String?

  package init() {}
}

/// Who may use the admin API, and how far.
package struct AdminToken: Sendable, Equatable {
  package var name: String
  package var value: Secret
  package var role: Role

  package init(name: String, value: Secret, role: Role) {
    self.name = name
    self.value = value
    self.role = role
  }

  /// Names that nobody can have: who has `admin_token`, and anybody where no token is asked for.
  package static let ownNames = ["admin", "local"]
}

extension ServerSettings {
  /// Everybody whom a token gives a role; none: whoever reaches the API has all roles.
  package var admins: [AdminToken] {
    (adminToken.map { [AdminToken(name: "admin", value: $0, role: .admin)] } ?? []) + adminTokens
  }
}

package struct StoreSettings: Sendable, Equatable {
  package enum Location: Hashable, Sendable {
    /// The path of the database file, absolute or relative to the working directory.
    case sqlite(path: String)
    /// A database of a PostgreSQL server. `ownFiles`: what the relay keeps on this machine beside it begins with this path.
    case postgres(DatabaseAddress, ownFiles: String)
  }

  package enum Keep: String, Hashable, Sendable, CaseIterable {
    /// Also events that no route sent anywhere.
    case all
    /// Events that no route sent anywhere are neither stored nor deduplicated.
    case routed
  }

  package var location = Location.sqlite(path: "data/relay.db")
  package var keep = Keep.all
  /// How long settled events stay.
  package var retention = Duration.seconds(7 * 86_400)
  /// How long a dead letter stays before it is discarded; nil: until a person acts.
  package var deadRetention: Duration?
  /// How long the body of an event stays that went nowhere; nil: as long as the event.
  package var unroutedRetention: Duration? = .seconds(86_400)
  /// How much live data there may be.
  package var maxBytes = 10 << 30

  package init() {}
}

/// A sender: where it posts, and how it is known.
package struct Source: Sendable, Equatable {
  package struct Token: Sendable, Equatable, EndingCredential {
    package var value: Secret
    /// The company of events that name none, for senders with this token.
    package var company: String?
    package var until: Timestamp?

    package init(value: Secret, company: String? = nil, until: Timestamp? = nil) {
      self.value = value
      self.company = company
      self.until = until
    }
  }

  package var name: String
  /// As `SourcePath` spells it.
  package var path: String
  /// Any one that has not ended is accepted; empty: every sender is believed, unless the token is to be learned.
  package var tokens: [Token]
  /// No token is configured: a person confirms one that has come (`token: learn`), and until then nobody is believed.
  package var learnsToken = false
  /// The company of events that name none, unless the token says another.
  package var company: String?
  /// How long a byte-identical envelope counts as a redelivery; nil: never.
  package var dedupe: Duration?
  /// The addresses that it takes requests from; empty: all.
  package var allow: [AddressBlock] = []
  /// How many requests it takes; nil: as many as come.
  package var rate: Rate?
  /// When it counts as silent; nil: never.
  package var quietAfter: QuietRule?
  /// Which files that its events point to are fetched before their links expire; nil: none.
  package var attachments: AttachmentPolicy?

  package init(
    name: String, path: String? = nil, tokens: [Token] = [], company: String? = nil,
    dedupe: Duration? = .seconds(24 * 3600), quietAfter: QuietRule? = nil
  ) {
    self.name = name
    self.path = path ?? "/\(name)"
    self.tokens = tokens
    self.company = company
    self.dedupe = dedupe
    self.quietAfter = quietAfter
  }
}

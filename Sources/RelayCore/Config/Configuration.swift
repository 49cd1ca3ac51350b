/// A validated routes.yaml: everything the relay is told, with every default filled in.
public struct Configuration: Sendable, Equatable {
  public var server: ServerSettings
  public var store: StoreSettings
  /// In the order of the file; names and paths are unique.
  public var sources: [Source]
  public var destinations: [Destination]
  public var routes: [Route]
  /// SHA-256 of the file, in lower-case hexadecimal digits, first 12. Secrets from the environment take no part.
  public var hash: String

  public init(
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
}

/// A host (name or address) and a port; port 0 lets the system choose.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// What is listened on: `localhost` is both its addresses, since its clients may try either first; a resolver gives only
  /// one of them.
  public var places: [String] { host.asciiLowercased == "localhost" ? ["127.0.0.1", "::1"] : [host] }
}

public struct ServerSettings: Sendable, Equatable {
  public var listen = ListenAddress(host: "127.0.0.1", port: 8080)
  public var maxBodyBytes = 5 << 20
  /// Bodies being received or waiting for their answer, over all connections.
  public var maxInflightBytes = 64 << 20
  public var maxConnections = 10_000
  /// For the headers and the body together.
  public var requestTimeout = Duration.seconds(30)
  /// Above those of the usual proxies (Caddy 2 min, Google's load balancer 10 min): the one who sends is to close first.
  public var idleTimeout = Duration.seconds(11 * 60)
  public var drain = Duration.seconds(20)
  /// Where the admin API and the metrics are; nil: nowhere.
  public var admin: ListenAddress? = ListenAddress(host: "127.0.0.1", port: 8081)
  /// What the admin API asks for as bearer token; nil: nothing.
  public var adminToken: Secret?
  /// Further names that the admin API answers to, without a port: a proxy's, a tunnel's.
  public var adminHosts: [String] = []

  public init() {}
}

public struct StoreSettings: Sendable, Equatable {
  public enum Location: Hashable, Sendable {
    /// The path of the database file, absolute or relative to the working directory.
    case sqlite(path: String)
  }

  public enum Keep: String, Hashable, Sendable, CaseIterable {
    /// Also events that no route sent anywhere.
    case all
    /// Events that no route sent anywhere are neither stored nor deduplicated.
    case routed
  }

  public var location = Location.sqlite(path: "data/relay.db")
  public var keep = Keep.all
  /// How long settled events stay.
  public var retention = Duration.seconds(7 * 86_400)
  /// Of live data.
  public var maxBytes = 10 << 30

  public init() {}
}

/// A sender: where it posts, and how it is known.
public struct Source: Sendable, Equatable {
  public struct Token: Sendable, Equatable {
    public var value: Secret
    /// The company of events that name none, for senders with this token.
    public var company: String?

    public init(value: Secret, company: String? = nil) {
      self.value = value
      self.company = company
    }
  }

  public var name: String
  /// As `SourcePath` spells it.
  public var path: String
  /// Any one is accepted; empty: every sender is believed.
  public var tokens: [Token]
  /// The company of events that name none, unless the token says another.
  public var company: String?
  /// How long a byte-identical envelope counts as a redelivery; nil: never.
  public var dedupe: Duration?

  public init(
    name: String, path: String? = nil, tokens: [Token] = [], company: String? = nil,
    dedupe: Duration? = .seconds(24 * 3600)
  ) {
    self.name = name
    self.path = path ?? "/\(name)"
    self.tokens = tokens
    self.company = company
    self.dedupe = dedupe
  }
}

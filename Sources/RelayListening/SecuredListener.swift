/// A listener that may speak TLS: what its keys are called, and who connects to it, for people.
package enum SecuredListener: Sendable, Equatable {
  case ingest
  case admin

  /// Of routes.yaml: where its certificate is named.
  package var key: String {
    switch self {
    case .ingest: "server.tls"
    case .admin: "server.admin_tls"
    }
  }

  /// Of routes.yaml: where it listens.
  var place: String {
    switch self {
    case .ingest: "server.listen"
    case .admin: "server.admin"
    }
  }

  /// Who connects.
  var peer: String {
    switch self {
    case .ingest: "the sender"
    case .admin: "the client"
    }
  }

  /// What a peer should know that speaks something else.
  var hint: String {
    switch self {
    case .ingest: "; a proxy that sends a PROXY header needs server.proxy_protocol"
    case .admin: ""
    }
  }
}

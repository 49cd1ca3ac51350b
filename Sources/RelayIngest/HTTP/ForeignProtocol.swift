/// What speaks to this port and is not HTTP/1.1, told by its first bytes.
enum ForeignProtocol: Equatable {
  case proxyHeader
  case tls
  case http2

  /// So many bytes are enough to tell.
  static let telltaleBytes = 16

  /// - Parameter start: The first bytes of what should have been a request; fewer where no more has come.
  init?(_ start: some Collection<UInt8>) {
    func begins(with text: String) -> Bool { start.starts(with: text.utf8) }
    if begins(with: "PROX") || begins(with: "\r\n\r\n\0") {
      self = .proxyHeader
    } else if start.first == 0x16 {
      self = .tls  // A record that holds a handshake; no line of text begins so.
    } else if begins(with: "PRI * HTTP/2") {
      self = .http2
    } else {
      return nil
    }
  }

  var message: String {
    switch self {
    case .proxyHeader:
      "this begins with a PROXY protocol header, which is not read here: switch it off in the proxy before the relay "
        + "(HAProxy: send-proxy, nginx: proxy_protocol, load balancers of clouds: proxy protocol)"
    case .tls:
      "this is TLS, and server.listen speaks plain HTTP: post to http://, or let a proxy before the relay end TLS"
    case .http2:
      "this is HTTP/2, and server.listen speaks HTTP/1.1: switch HTTP/2 off towards the relay"
    }
  }
}

/// How the relay gets to whom it sends something.
package struct NetworkPolicy: Hashable, Sendable {
  package var egress = EgressPolicy()
  package var proxy = ProxyRule.off

  package init() {}

  /// The proxy that requests to an address go through; nil: none.
  ///
  /// - Parameter url: Absolute, `http` or `https`.
  package func proxy(for url: Secret) -> ProxyAddress? {
    guard let target = Target(url) else { return nil }
    return proxy.proxy(toHost: target.host, port: target.port, usesTLS: target.usesTLS)
  }

  /// What can be said before anybody connects: that the host of an address is denied. nil: nothing.
  package func refusal(of url: Secret) -> String? {
    Target(url).flatMap { egress.refusal(ofHost: $0.host) }
  }

  /// What of a URL counts here.
  private struct Target {
    let host: String
    let port: Int
    let usesTLS: Bool

    init?(_ url: Secret) {
      let text = url.reveal
      guard let scheme = text.firstRange(of: "://") else { return nil }
      usesTLS = text[..<scheme.lowerBound].lowercased() == "https"
      let authority = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
      let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
      guard let name = HostName(String(place)) else { return nil }
      host = name.name
      port = name.port ?? (usesTLS ? 443 : 80)
    }
  }
}

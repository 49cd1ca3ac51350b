import RelayCore

/// The way of requests to one URL: through which proxy, and what becomes of their connections. For who makes one request at a time.
struct JudgedWay {
  let proxy: ProxyAddress?
  /// Why the proxy is not asked; nil: it is, or there is none.
  let refusal: String?
  /// Opens the sockets.
  let judge: SocketJudge

  /// - Parameter url: Absolute, `http` or `https`.
  init(to url: Secret, _ network: NetworkPolicy, own: OwnListeners) {
    let egress = Egress(policy: network.egress, own: own)
    let target = HostPort(url: url.reveal)
    let proxy = network.proxy(for: url)
    self.proxy = proxy
    refusal = proxy == nil ? nil : target.flatMap(egress.refusal(ofWhomAProxyIsAsked:))
    judge = SocketJudge { [host = proxy?.host ?? target?.host ?? ""] in egress.refusal(of: $0, host: host) }
  }
}

@available(*, unavailable)
extension JudgedWay: Sendable {}

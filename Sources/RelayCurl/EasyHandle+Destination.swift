import CCurl
import RelayCore

/// What an easy handle is told once: everything about a destination that does not change from request to request.
extension EasyHandle {
  /// - Parameter url: The destination's URL, parsed; it outlives the handle. nil: to be parsed for each request.
  func configure(for destination: Destination, url: ParsedURL?, connectionLifetime: Duration) {
    if let url { set(url) } else { set(.url, destination.url.reveal) }
    set(.post, true)
    restrict(to: destination.network.proxy(for: destination.url))
    set(.timeoutMilliseconds, destination.timeout.curlMilliseconds)
    set(.connectTimeoutMilliseconds, destination.connectTimeout.curlMilliseconds)
    configureConnections(destination, lifetime: connectionLifetime)
    set(.httpVersion, Int(destination.usesHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
    // With HTTP/2, wait for a connection that is being made rather than open another.
    set(.waitsToShareConnection, destination.usesHTTP2)
    switch destination.authorization {
    case .basic(let username, let password):
      set(.authentication, ccurl_auth_basic)
      set(.username, username)
      set(.password, password.reveal)
    case .bearer, .oauth2, nil: break
    }
    if let client = destination.tls.client {
      set(.clientCertificate, client.certificate)
      set(.clientKey, Array(client.key.reveal.utf8))
    }
    set(.verifiesPeer, destination.tls.verifies)
    set(.verifiesHost, destination.tls.verifies ? 2 : 0)
  }

  /// What libcurl must not do by itself.
  ///
  /// - Parameter proxy: nil: none.
  func restrict(to proxy: ProxyAddress? = nil) {
    set(.noSignal, true)
    set(.protocols, "http,https")
    set(.followsRedirects, false)
    // No proxy that libcurl would find in the environment: the configuration has looked there.
    set(.proxy, proxy?.url.reveal ?? "")
    set(.hidesTunnelHeaders, proxy != nil)
    // Else it would look for this in the environment at each request.
    set(.noProxy, "")
  }

  /// How long a connection is kept, and what is done so that firewalls on the way don't forget it.
  private func configureConnections(_ destination: Destination, lifetime: Duration) {
    set(.tcpKeepAlive, true)
    set(.tcpKeepAliveIdleSeconds, 20)
    set(.tcpKeepAliveIntervalSeconds, 10)
    set(.connectionLifetimeSeconds, max(1, Int(lifetime.components.seconds)))
    // libcurl counts whole seconds, and reuses what has been idle for exactly that many.
    let seconds = (destination.maxIdle.curlMilliseconds + 999) / 1_000
    set(.connectionIdleSeconds, max(0, seconds - 1))
  }
}

extension Duration {
  /// At least 1, since 0 is no limit to libcurl.
  var curlMilliseconds: Int { Int(clamping: max(1, millisecondsRoundedUp)) }
}

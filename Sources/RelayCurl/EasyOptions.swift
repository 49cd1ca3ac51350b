import CCurl
import Glibc
import RelayCore

/// What an easy handle is told once: everything about a destination that does not change from request to request.
enum EasyOptions {
  /// - Parameter url: The destination's URL, parsed; it outlives the handle. nil: to be parsed for each request.
  static func apply(
    _ destination: Destination, url: OpaquePointer?, connectionLifetime: Duration,
    to easy: UnsafeMutableRawPointer
  ) {
    if let url {
      ccurl_set_pointer(easy, CURLOPT_CURLU, UnsafeRawPointer(url))
    } else {
      ccurl_set_string(easy, CURLOPT_URL, destination.url.reveal)
    }
    ccurl_set_long(easy, CURLOPT_POST, 1)
    ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
    ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
    ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, milliseconds(destination.timeout))
    ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(destination.connectTimeout))
    applyConnections(destination, lifetime: connectionLifetime, to: easy)
    // No proxy from the environment: the configuration alone says where deliveries go.
    ccurl_set_string(easy, CURLOPT_PROXY, "")
    let version = destination.usesHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
    ccurl_set_long(easy, CURLOPT_HTTP_VERSION, Int(version))
    // With HTTP/2, wait for a connection that is being made rather than open another.
    ccurl_set_long(easy, CURLOPT_PIPEWAIT, destination.usesHTTP2 ? 1 : 0)
    applyAuthorization(destination.authorization, to: easy)
    applyTLS(destination.tls, to: easy)
  }

  /// How long a connection is kept, and what is done so that firewalls on the way don't forget it.
  private static func applyConnections(
    _ destination: Destination, lifetime: Duration, to easy: UnsafeMutableRawPointer
  ) {
    ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
    ccurl_set_long(easy, CURLOPT_TCP_KEEPIDLE, 20)
    ccurl_set_long(easy, CURLOPT_TCP_KEEPINTVL, 10)
    ccurl_set_long(easy, CURLOPT_MAXLIFETIME_CONN, max(1, Int(lifetime.components.seconds)))
    // libcurl counts whole seconds, and reuses what has been idle for exactly so many.
    let seconds = (milliseconds(destination.maxIdle) + 999) / 1_000
    ccurl_set_long(easy, CURLOPT_MAXAGE_CONN, max(0, seconds - 1))
  }

  private static func applyAuthorization(
    _ authorization: Destination.Authorization?, to easy: UnsafeMutableRawPointer
  ) {
    guard case .basic(let username, let password) = authorization else { return }
    ccurl_set_long(easy, CURLOPT_HTTPAUTH, ccurl_auth_basic)
    ccurl_set_string(easy, CURLOPT_USERNAME, username)
    ccurl_set_string(easy, CURLOPT_PASSWORD, password.reveal)
  }

  private static func applyTLS(_ tls: Destination.TLS, to easy: UnsafeMutableRawPointer) {
    ccurl_set_long(easy, CURLOPT_SSL_VERIFYPEER, tls.verifies ? 1 : 0)
    ccurl_set_long(easy, CURLOPT_SSL_VERIFYHOST, tls.verifies ? 2 : 0)
  }

  static func milliseconds(_ duration: Duration) -> Int {
    Int(clamping: max(1, duration.millisecondsRoundedUp))
  }
}

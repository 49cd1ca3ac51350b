import RelayCore

/// What to do about an admin API that can't be reached.
package enum UnreachableHint {
  /// - Parameters:
  ///   - url: What was asked.
  ///   - showsCertificate: Whether a certificate of one's own is shown.
  package static func text(_ failure: TransportFailure, url: String, showsCertificate: Bool) -> String {
    let isSecured = url.lowercased().hasPrefix("https:")
    return (isSecured ? secured(failure, showsCertificate) : plain(failure))
      ?? "does it run, and is --admin (or HUGGY_RELAY_ADMIN) right?"
  }

  private static func plain(_ failure: TransportFailure) -> String? {
    // What a listener that waits for TLS does with a request: it hangs up, perhaps after an alert, which is no HTTP.
    guard failure.kind == .reset || failure.message.contains("HTTP/0.9") else { return nil }
    return "if it speaks TLS there (server.admin_tls), write https:// in --admin (or HUGGY_RELAY_ADMIN)"
  }

  private static func secured(_ failure: TransportFailure, _ showsCertificate: Bool) -> String? {
    let words = failure.message.lowercased()
    func says(_ parts: String...) -> Bool { parts.contains { words.contains($0) } }
    if says("wrong version number", "packet length too long", "record layer failure") {
      return "what listens there speaks plain HTTP: write http:// in --admin, or set server.admin_tls"
    }
    if says("certificate required") || (says("handshake failure") && !showsCertificate) {
      return showsCertificate
        ? "it does not take this certificate: is it of an authority in server.admin_tls.client_ca?"
        : "it asks for a certificate (server.admin_tls.client_ca): give one with --admin-certificate and --admin-key"
    }
    if says("alert") && showsCertificate {
      return
        "it does not take the certificate of --admin-certificate: is it of an authority in server.admin_tls.client_ca, and valid now?"
    }
    if says("subject name", "hostname mismatch", "ip address mismatch", "is not for") {
      return "write a name in --admin (or HUGGY_RELAY_ADMIN) that its certificate is for"
    }
    if says("is not believed", "self-signed", "unable to get") {
      return "give the authority of its certificate with --admin-ca (or HUGGY_RELAY_ADMIN_CA)"
    }
    return nil
  }
}

import NIOSSL

/// What is wrong with a connection's TLS, for the operator.
package enum TLSFailure {
  /// - Returns: nil: it is no error of TLS, or none that says anything: whoever connects and hangs up may only look whether somebody listens.
  package static func explanation(of error: any Error, at listener: SecuredListener) -> String? {
    guard case NIOSSLError.handshakeFailed(.sslError(let errors)) = error, let first = errors.first,
      first != .eofDuringHandshake
    else { return nil }
    return explanation(of: reason(in: first.description), at: listener)
  }

  /// The other side has closed its side of the connection without TLS's own end.
  package static func isEndWithoutFarewell(_ error: any Error) -> Bool {
    if case NIOSSLError.uncleanShutdown = error { true } else { false }
  }

  /// `HTTP_REQUEST`, of `Error: 268435612 error:1000009c:SSL routines:OPENSSL_internal:HTTP_REQUEST at …`.
  static func reason(in description: String) -> String {
    let words = description.split(separator: " ")
    guard let word = words.first(where: { $0.contains("OPENSSL_internal:") })
    else { return "UNKNOWN" }
    return word.split(separator: ":").last.map(String.init) ?? "UNKNOWN"
  }

  static func explanation(of reason: String, at listener: SecuredListener) -> String {
    let peer = listener.peer
    return switch reason {
    case "HTTP_REQUEST":
      "plain HTTP came to \(listener.place), which speaks TLS: \(peer)'s URL must begin with https://"
    case "PEER_DID_NOT_RETURN_A_CERTIFICATE":
      "\(peer) shows no certificate, and \(listener.key).client_ca asks for one"
    case "CERTIFICATE_VERIFY_FAILED":
      "\(peer)'s certificate is of no authority in \(listener.key).client_ca, or not valid now"
    case "UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER", "WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL":
      "\(peer) speaks no TLS, or none that is still safe (1.2 with ECDHE and AES-GCM or ChaCha20, or 1.3): "
        + "\(reason)\(listener.hint)"
    case "TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_CERTIFICATE_UNKNOWN", "SSLV3_ALERT_BAD_CERTIFICATE",
      "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE":
      "\(peer) does not believe this listener's certificate (\(reason)): does it lead to an authority that is known there, "
        + "for the name that is asked for, and is it still valid?"
    default: "TLS failed: \(reason)"
    }
  }
}

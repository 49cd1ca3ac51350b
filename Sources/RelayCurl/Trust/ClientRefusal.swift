/// A server's alert that it does not take the certificate that a connection has shown, or misses one. With TLS 1.3 it comes after the
/// handshake, where an answer is waited for. A pure value.
struct ClientRefusal: Equatable {
  /// As OpenSSL writes it: `unknown ca`.
  var alert: String

  /// - Parameter words: libcurl's, of a connection that has failed. nil: they tell of something else.
  init?(_ words: String) {
    guard let start = words.firstRange(of: " alert ")?.upperBound,
      let alert = Self.advice.keys.first(where: { words[start...].hasPrefix($0) })
    else { return nil }
    self.alert = alert
  }

  var message: String { "the server refuses the client (\(alert)): \(Self.advice[alert]!)" }

  /// What is added to a connection's sudden end: with TLS 1.3 the alert may be lost on the way, since the request is, too.
  static func withoutWords(_ file: String) -> String {
    " (so it may look where a server does not take the client certificate of \(file): its log says more)"
  }

  private static let advice = [
    "certificate required": "it asks for a client certificate; name one in tls.certificate and tls.key",
    "unknown ca":
      "it does not know the authority that has issued the client certificate; name one of an authority that it knows in "
      + "tls.certificate, followed by those in between",
    "certificate expired": "the client certificate has ended; renew the files of tls.certificate and tls.key",
    "certificate revoked":
      "the client certificate is revoked; put another into the files of tls.certificate and tls.key",
    "bad certificate": doubt, "certificate unknown": doubt, "unsupported certificate": doubt,
    "access denied": doubt,
  ]

  private static let doubt =
    "it does not take the client certificate, or misses one; look at tls.certificate, and ask whom it lets in"
}

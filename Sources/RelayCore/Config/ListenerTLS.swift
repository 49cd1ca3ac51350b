/// The files that a listener speaks TLS with: PEM, by paths that are absolute or relative to the working directory.
package struct ListenerTLS: Sendable, Equatable {
  /// The listener's certificate, and behind it those that lead from it to an authority.
  package var certificate: String
  /// The certificate's private key, without a passphrase.
  package var key: String
  /// The authorities of which every client must show a certificate; nil: none is asked for.
  package var clientAuthority: String?

  package init(certificate: String, key: String, clientAuthority: String? = nil) {
    self.certificate = certificate
    self.key = key
    self.clientAuthority = clientAuthority
  }
}

/// What a destination's TLS connections show of the relay where the server asks for it: a certificate, and the key that it belongs to.
package struct ClientCertificate: Hashable, Sendable {
  /// PEM files, as seen from the working directory.
  package var certificateFile: String
  package var keyFile: String
  /// What they held when the configuration was read: with other contents it is another destination. The certificate comes first, then
  /// those that lead to its authority. Empty: references were not replaced, and nothing is to be sent with it.
  package var certificate: [UInt8]
  package var key: Secret

  package init(certificateFile: String, keyFile: String, certificate: [UInt8], key: Secret) {
    self.certificateFile = certificateFile
    self.keyFile = keyFile
    self.certificate = certificate
    self.key = key
  }
}

extension ClientCertificate {
  /// What a TLS library has to say of one.
  package enum Inspection: Sendable, Equatable {
    /// - Parameters:
    ///   - subject: Of the certificate in the file that ends first, as RFC 2253 writes names.
    ///   - end: When that is.
    case usable(subject: String, end: Timestamp)
    /// What is wrong with what one of the files holds: the end of a sentence that begins with its path.
    case unusable(File, String)
  }

  package enum File: Sendable {
    case certificate, key
  }
}

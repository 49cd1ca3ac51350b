/// Whom a client believes, and what it shows of itself: PEM files.
package struct ClientTLS: Sendable, Equatable {
  package enum Believed: Sendable, Equatable {
    /// The system's authorities.
    case system
    /// Those of a file alone. `option`: where that is named, for messages.
    case authorities(file: String, option: String)
    /// The first certificate of a file and no other, whatever name it is of: the server is the one that has its key.
    case certificate(file: String)
  }

  package var believed: Believed
  /// What is shown to a server that asks for one; nil: nothing.
  package var certificate: String?
  /// Its key; nil: it stands in the same file.
  package var key: String?

  package init(_ believed: Believed = .system, certificate: String? = nil, key: String? = nil) {
    self.believed = believed
    self.certificate = certificate
    self.key = key
  }

  func makeHandshakes() -> Handshakes {
    switch believed {
    case .system: Handshakes(host: "", system: .shared)
    case .authorities(let file, let option):
      Handshakes(host: "", trust: .file(file, contents: nil, named: option))
    case .certificate(let file):
      Handshakes(
        host: "",
        trust: .file(file, contents: PEMFile.contents(of: file).map(Self.first), named: "the certificate"))
    }
  }

  /// The text as far as the end of its first certificate: what stands behind it must not be believed.
  static func first(_ pem: [UInt8]) -> [UInt8] {
    let end = Array("-----END CERTIFICATE-----".utf8)
    guard let found = pem.firstRange(of: end) else { return pem }
    return Array(pem[..<found.upperBound]) + [0x0A]
  }
}

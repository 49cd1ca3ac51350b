/// Where the system's authorities are: found by the rules of curl(1), and where those find nothing, at the places that
/// other distributions have.
struct AuthorityPlaces: Equatable, Sendable {
  /// A PEM file with all of them; nil: none was found.
  var file: String?
  /// Folders of files named after a hash, with `:` between them; nil: none was found.
  var folders: String?

  /// In this order, after the one that libcurl was built with: Debian and Ubuntu, Fedora and RHEL (and where their
  /// bundle is made), SUSE, Alpine and the images made like it.
  static let knownFiles = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
  ]
  static let knownFolders = ["/etc/ssl/certs", "/etc/pki/tls/certs"]

  init(file: String?, folders: String?) {
    self.file = file
    self.folders = folders
  }

  /// - Parameters:
  ///   - variable: The environment: `CURL_CA_BUNDLE`, else `SSL_CERT_FILE` and `SSL_CERT_DIR`, go before all else. What
  ///     they name is taken whether it exists or not.
  ///   - builtIn: What libcurl was built with.
  init(
    variable: (String) -> String?, builtIn: AuthorityPlaces, exists: (String) -> Bool
  ) {
    func named(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
    let bundle = named("CURL_CA_BUNDLE")
    file = bundle ?? named("SSL_CERT_FILE")
    // curl(1) asks for the others only where there is no CURL_CA_BUNDLE.
    folders = bundle == nil ? named("SSL_CERT_DIR") : nil
    file = file ?? ([builtIn.file].compactMap(\.self) + Self.knownFiles).first(where: exists)
    folders = folders ?? ([builtIn.folders].compactMap(\.self) + Self.knownFolders).first(where: exists)
  }

  /// Each folder by itself.
  var eachFolder: [String] {
    (folders ?? "").split(separator: ":").map(String.init)
  }

  /// For people.
  var description: String {
    ([file].compactMap(\.self) + eachFolder).joined(separator: " and ")
  }
}

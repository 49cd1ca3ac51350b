import Testing

@testable import RelayCurl

@Suite struct AuthorityPlacesTests {
  private static let debian = AuthorityPlaces(
    file: "/etc/ssl/certs/ca-certificates.crt", folders: "/etc/ssl/certs")

  private func found(
    _ environment: [String: String] = [:], existing: Set<String>,
    builtIn: AuthorityPlaces = AuthorityPlacesTests.debian
  ) -> AuthorityPlaces {
    AuthorityPlaces(variable: { environment[$0] }, builtIn: builtIn) { existing.contains($0) }
  }

  /// What stands where in the base images of these distributions, as of 2026.
  @Test(arguments: [
    ("Debian 12", ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs"]),
    ("RHEL 9", ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/certs"]),
    ("SUSE", ["/etc/ssl/ca-bundle.pem", "/etc/ssl/certs"]),
    ("Alpine without the Debian name", ["/etc/ssl/cert.pem", "/etc/ssl/certs"]),
  ])
  func theBundleAndTheFolderAreFoundOn(_ system: String, _ places: [String]) {
    #expect(found(existing: Set(places)) == AuthorityPlaces(file: places[0], folders: places[1]))
  }

  @Test func whatLibcurlWasBuiltWithGoesFirst() {
    let builtIn = AuthorityPlaces(file: "/opt/bundle.pem", folders: "/opt/certs")
    #expect(
      found(existing: ["/opt/bundle.pem", "/opt/certs", "/etc/ssl/certs"], builtIn: builtIn) == builtIn)
    // If it is there.
    #expect(found(existing: ["/etc/ssl/certs"], builtIn: builtIn).folders == "/etc/ssl/certs")
  }

  @Test func theEnvironmentReplacesOnlyWhatItNames() {
    let all: Set = ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs"]
    #expect(
      found(["SSL_CERT_FILE": "/run/all.pem"], existing: all)
        == AuthorityPlaces(file: "/run/all.pem", folders: "/etc/ssl/certs"))
    #expect(
      found(["SSL_CERT_DIR": "/run/a:/run/b"], existing: all)
        == AuthorityPlaces(file: "/etc/ssl/certs/ca-certificates.crt", folders: "/run/a:/run/b"))
    #expect(found(["SSL_CERT_FILE": "", "SSL_CERT_DIR": ""], existing: all) == Self.debian)
  }

  /// As curl(1) has it.
  @Test func curlsOwnVariableGoesBeforeOpenSSLs() {
    let environment = ["CURL_CA_BUNDLE": "/c.pem", "SSL_CERT_FILE": "/s.pem", "SSL_CERT_DIR": "/s"]
    #expect(
      found(environment, existing: ["/etc/ssl/certs"])
        == AuthorityPlaces(file: "/c.pem", folders: "/etc/ssl/certs"))
  }

  @Test(arguments: [
    ("5ad8a5d6.0", true), ("5AD8A5D6.10", true), ("ca-certificates.crt", false), ("5ad8a5d6.r0", false),
    ("5ad8a5d.0", false), ("..", false), ("5ad8a5d6.", false),
  ])
  func hashedNamesAreToldFromOthers(_ name: String, _ isOne: Bool) {
    #expect(PEMFile.isHashedName(name) == isOne)
  }
}

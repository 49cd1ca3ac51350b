import Foundation
import RelayCore
import RelayHarness
import Testing

@testable import RelayCurl

@Suite(.timeLimit(.minutes(15))) struct TrustTests {
  let certificates: Certificates
  let folder: TemporaryFolder

  init() throws {
    certificates = try Certificates.shared.get()
    folder = try TemporaryFolder()
  }

  private var bundle: String { "\(folder.path)/bundle.pem" }

  /// A system whose authorities are in the test's folder, and nowhere else.
  private func system(file: String? = nil, folder: String? = nil) -> SystemTrust {
    // Where nothing is named, the places of the machine would count.
    let environment = [
      "SSL_CERT_FILE": file ?? "\(self.folder.path)/none.pem",
      "SSL_CERT_DIR": folder ?? "\(self.folder.path)/none",
    ]
    return SystemTrust(
      variable: { environment[$0] }, builtIn: AuthorityPlaces(file: nil, folders: nil))
  }

  private func write(_ files: String..., to path: String) throws {
    let contents = try files.map { try certificates.contents($0) }.joined()
    try Data(Array(contents)).write(to: URL(filePath: path))
  }

  private func result(
    believing system: SystemTrust, isExpired: Bool = false, _ change: (inout Destination) -> Void = { _ in }
  ) async throws -> AttemptResult {
    var result: AttemptResult?
    try await withServer(tls: try certificates.server(isExpired: isExpired)) { server in
      await withTransport(server.destination().with(change), trust: system) { result = await $0.send() }
    }
    return result!
  }

  // MARK: The system's authorities

  @Test func anAuthorityThatIsOnlyInTheBundleIsBelieved() async throws {
    try write(certificates.strangerFile, certificates.authorityFile, to: bundle)
    #expect(try await result(believing: system(file: bundle)).status == 200)
  }

  @Test func anAuthorityThatIsOnlyInTheFolderIsBelieved() async throws {
    let hashed = "\(folder.path)/hashed"
    try FileManager.default.createDirectory(atPath: hashed, withIntermediateDirectories: true)
    try write(certificates.authorityFile, to: "\(hashed)/a.pem")
    try Certificates.rehash(hashed)
    #expect(try await result(believing: system(folder: hashed)).status == 200)
    try write(certificates.strangerFile, to: bundle)
    #expect(try await result(believing: system(file: bundle, folder: hashed)).status == 200)
  }

  @Test func theAuthoritiesAreReadOnceUntilTheyChange() throws {
    try write(certificates.authorityFile, to: bundle)
    let system = system(file: bundle)
    let first = system.current()
    #expect(system.current().store === first.store)
    try write(certificates.authorityFile, certificates.strangerFile, to: bundle)
    #expect(system.current().store !== first.store)
  }

  @Test func anAuthorityThatIsTakenOutOfTheBundleIsBelievedByNoNewConnection() async throws {
    try write(certificates.authorityFile, to: bundle)
    let system = system(file: bundle)
    try await withServer(tls: try certificates.server(), script: { _ in .answer(then: .close) }) { server in
      try await withTransport(server.destination(), trust: system) { bench in
        for _ in 0..<3 { #expect(await bench.send().status == 200) }
        // The sessions of the handshakes so far could be resumed, without a look at the certificate.
        try write(certificates.strangerFile, to: bundle)
        await server.log.wait { $0.open == 0 }
        #expect(await bench.send().failure?.kind == .tls)
      }
    }
  }

  @Test func whereThereIsNoAuthorityAtAllTheErrorSaysWhatToDo() async throws {
    let system = system()
    let failure = try #require(try await result(believing: system).failure)
    #expect(failure.kind == .tls)
    #expect(failure.message.contains("\(folder.path)/none.pem and \(folder.path)/none"))
    #expect(failure.message.contains("install the package ca-certificates"))
    #expect(system.warning.map(failure.message.contains) == true)
  }

  @Test func aNamedBundleThatCannotBeReadIsToldAtTheStart() throws {
    let hashed = "\(folder.path)/hashed"
    try FileManager.default.createDirectory(atPath: hashed, withIntermediateDirectories: true)
    try write(certificates.authorityFile, to: "\(hashed)/a.pem")
    try Certificates.rehash(hashed)
    try "no PEM".write(toFile: bundle, atomically: true, encoding: .utf8)
    #expect(system(file: bundle, folder: hashed).warning?.hasPrefix(bundle) == true)
    try write(certificates.authorityFile, to: bundle)
    #expect(system(file: bundle, folder: hashed).warning == nil)
  }

  // MARK: Authorities of one's own

  @Test func whatCountsIsWhatTheFileHeldWhenTheConfigurationWasRead() async throws {
    let own = try certificates.contents(certificates.authorityFile)
    let stranger = try certificates.contents(certificates.strangerFile)
    try await withServer(tls: try certificates.server()) { server in
      let path = certificates.strangerFile
      let before = server.destination().with { $0.tls = .init(authorityFile: path, authorities: own) }
      let after = before.with { $0.tls.authorities = stranger }
      #expect(!before.differsAtMostInPause(from: after))
      await withTransport(before) { bench in
        for _ in 0..<3 { #expect(await bench.send().status == 200) }
        bench.configure([after])
        // Neither the connection that stands nor its session is used again.
        #expect(await bench.send().failure?.kind == .tls)
        bench.configure([before])
        #expect(await bench.send().status == 200)
      }
    }
  }

  @Test(arguments: [
    ("", "holds no certificate"),
    ("-----BEGIN CERTIFICATE-----\nbm90IGE=\n-----END CERTIFICATE-----\n", "is malformed"),
  ])
  func authoritiesThatCannotBeReadAreTheFailuresReason(_ text: String, _ words: String) async throws {
    let result = try await result(believing: .shared) {
      $0.tls = .init(authorityFile: "ca.pem", authorities: Array(text.utf8))
    }
    let failure = try #require(result.failure)
    #expect(failure.kind == .tls)
    #expect(failure.message.contains(words) && failure.message.contains("ca.pem"))
  }

  // MARK: What a failure says

  @Test func aMissingAuthorityIsNamedWithTheHostThatWasAsked() async throws {
    try write(certificates.strangerFile, to: bundle)
    let failure = try #require(try await result(believing: system(file: bundle)).failure)
    #expect(
      failure
        == TransportFailure(
          kind: .tls,
          message: "the certificate of 127.0.0.1 is not believed: unable to get local issuer certificate; "
            + "CN=Test authority, which issued it, is not in \(bundle)"))
  }

  @Test func anExpiredCertificateIsToldWithItsDay() async throws {
    try write(certificates.authorityFile, to: bundle)
    let failure = try #require(try await result(believing: system(file: bundle), isExpired: true).failure)
    #expect(failure.kind == .tls)
    #expect(failure.message.contains("certificate has expired; CN=Expired was valid until 2"))
  }

  @Test func aBlockingClientSaysTheSame() async throws {
    try await withServer(tls: try certificates.server()) { server in
      let url = server.destination().url.reveal
      let failure = await Task.detached { () -> TransportFailure? in
        do throws(TransportFailure) {
          _ = try BlockingClient().send(
            method: "GET", url: url, headers: [], body: nil, timeout: .seconds(10))
          return nil
        } catch { return error }
      }.value
      #expect(failure?.kind == .tls)
      #expect(
        failure?.message.hasPrefix("the certificate of 127.0.0.1 is not believed: ") == true
          || SystemTrust.shared.warning != nil)
    }
  }
}

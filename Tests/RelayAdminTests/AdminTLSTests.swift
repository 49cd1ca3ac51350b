import Foundation
import NIOSSL
import RelayCore
import RelayListening
import RelayTestSupport
import Testing

@testable import RelayAdmin

/// `server.admin_tls`, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct AdminTLSTests {
  private let authority: TestAuthority
  private let pair: TestAuthority.Pair
  private let log = RecordedLog()

  init() throws {
    authority = try TestAuthority()
    pair = try authority.issue("relay")
  }

  private func certificates(clientAuthority: String? = nil) throws -> ListenerCertificates {
    ListenerCertificates(
      try ListenerCertificates.make(
        ListenerTLS(certificate: pair.certificate, key: pair.key, clientAuthority: clientAuthority)),
      of: .admin)
  }

  /// - Parameters:
  ///   - authority: Whom the client believes; nil: the one that has issued the listener's certificate.
  ///   - shown: What it shows of itself.
  private func client(
    believing authority: TestAuthority? = nil, showing shown: TestAuthority.Pair? = nil,
    from oldest: TLSVersion = .tlsv12, to newest: TLSVersion? = nil
  ) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file((authority ?? self.authority).own.certificate)
    (configuration.minimumTLSVersion, configuration.maximumTLSVersion) = (oldest, newest)
    if let shown {
      let chain = try NIOSSLCertificate.fromPEMFile(shown.certificate)
      configuration.certificateChain = chain.map { .certificate($0) }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: shown.key, format: .pem))
    }
    return configuration
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func requestsOfASafeVersionAreServed(_ version: TLSVersion) async throws {
    try await withServer(certificates: certificates()) { server in
      let server = server.spoken(by: try client(from: version, to: version))
      #expect(try await server.get("/api/v1/status").status == 200)
      #expect(try await server.post("/api/v1/reload").status == 200)
      #expect(try await server.get("/nothing").status == 404)
    }
  }

  @Test func aClientThatSpeaksAnOldVersionIsRefused() async throws {
    try await withServer(certificates: certificates(), logger: log.logger) { server in
      let server = server.spoken(by: try client(from: .tlsv1, to: .tlsv11))
      await #expect(throws: (any Error).self) { try await server.get("/healthz") }
      #expect(log.line(containing: "the client speaks no TLS, or none that is still safe") != nil)
    }
  }

  @Test func plainHTTPIsToldToTheOperator() async throws {
    try await withServer(certificates: certificates(), logger: log.logger) { server in
      let answer = try? await server.get("/healthz")
      #expect(answer?.status == nil)
      let line = try #require(log.line(containing: "a connection to server.admin is refused"))
      #expect(
        line.contains(
          "plain HTTP came to server.admin, which speaks TLS: the client's URL must begin with https://")
      )
      #expect(line.contains("peer=127.0.0.1"))
      #expect(try await server.spoken(by: client()).get("/healthz").status == 200)
    }
  }

  /// A flood of them is a line: the time stands still here.
  @Test func likeFailuresAreToldOnce() async throws {
    try await withServer(certificates: certificates(), logger: log.logger) { server in
      for _ in 0..<3 { _ = try? await server.get("/healthz") }
      let stranger = try TestAuthority("Stranger")
      _ = try? await server.spoken(by: client(believing: stranger)).get("/healthz")
      #expect(log.line(containing: "does not believe this listener's certificate") != nil)
      #expect(log.lines.filter { $0.contains("plain HTTP came") }.count == 1)
    }
  }

  @Test func whereCertificatesAreAskedForOnlyTheirHoldersAreServed() async throws {
    let (clients, stranger) = (try TestAuthority("Clients"), try TestAuthority("Stranger"))
    let (known, unknown) = (try clients.issue("known"), try stranger.issue("unknown"))
    let certificates = try certificates(clientAuthority: clients.own.certificate)
    try await withServer(certificates: certificates, logger: log.logger) { server in
      for (shown, words) in [
        (nil, "the client shows no certificate, and server.admin_tls.client_ca asks for one"),
        (unknown, "the client's certificate is of no authority in server.admin_tls.client_ca"),
      ] {
        let answer = try? await server.spoken(by: client(showing: shown)).get("/healthz")
        #expect(answer?.status == nil)
        #expect(log.line(containing: words) != nil)
        let welcome = try await server.spoken(by: client(showing: known)).get("/healthz")
        #expect(welcome.status == 200)
      }
    }
  }

  // MARK: What else goes by it

  /// Without an `Origin`, too: it is the connection that says so.
  @Test func aLoginByTLSGivesACookieForTLSAlone() async throws {
    try await withServer(certificates: certificates(), people: AdminToken.ofEachRole) { server in
      let server = server.spoken(by: try client())
      let answer = try await server.post("/login", #"{"token":"viewer"}"#)
      let cookie = try #require(answer.header("set-cookie"))
      #expect(cookie.hasPrefix("huggy_relay_session=v1s.") && cookie.hasSuffix("; Secure"), "\(cookie)")
      let session = try await server.get(
        "/api/v1/session", headers: ["Cookie: \(cookie.prefix { $0 != ";" })"])
      #expect(session.body.contains("the viewer"))
      let left = try await server.post("/logout")
      #expect(left.header("set-cookie")?.hasSuffix("; Secure") == true)
    }
  }

  /// A page that came in the clear is whoever's that was on its way.
  @Test func aPageThatCameInTheClearIsNotItsOwn() async throws {
    try await withServer(certificates: certificates()) { server in
      let server = server.spoken(by: try client())
      let own = try await server.get("/api/v1/status", headers: ["Origin: https://\(server.address)"])
      #expect(own.status == 200)
      let clear = try await server.get("/api/v1/status", headers: ["Origin: http://\(server.address)"])
      #expect(clear.status == 403 && clear.body.contains("forbidden_origin"))
    }
  }

  @Test func changedFilesAreTakenForNewConnections() async throws {
    let certificates = try certificates()
    try await withServer(certificates: certificates) { server in
      let other = try TestAuthority("Other")
      let renewed = try other.issue("renewed")
      for (file, new) in [(pair.certificate, renewed.certificate), (pair.key, renewed.key)] {
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: new, toPath: file)
      }
      try #require(certificates.lookAgain()).get()
      #expect(try await server.spoken(by: client(believing: other)).get("/healthz").status == 200)
      await #expect(throws: (any Error).self) { try await server.spoken(by: client()).get("/healthz") }
    }
  }

  /// A reload that takes `admin_tls` away, or brings it.
  @Test func whatItSpeaksMayChange() async throws {
    let certificates = try certificates()
    try await withServer(certificates: certificates) { server in
      let made = certificates.replace(by: nil)
      let plain = try await server.get("/healthz")
      certificates.replace(by: made)
      let secured = try await server.spoken(by: client()).get("/healthz")
      #expect(plain.status == 200 && secured.status == 200)
    }
  }

  /// Broken by a connection that keeps its place among the 128 although it never says anything.
  @Test func whoNeverBeginsTLSIsClosed() async throws {
    try await withServer(certificates: certificates(), idleTimeout: .milliseconds(50)) { server in
      // Nothing, and the begin of a handshake.
      for sent in ["", "\u{16}\u{03}\u{01}"] {
        let answer = try await RawClient.exchange(sent, with: server.address)
        #expect(answer.text == "")
      }
    }
  }
}

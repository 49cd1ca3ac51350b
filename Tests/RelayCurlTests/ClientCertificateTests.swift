import NIOSSL
import RelayCore
import RelaySystem
import RelayTestSupport
import Testing

@testable import RelayCurl

/// What is shown of the relay to servers that ask for it.
@Suite(.timeLimit(.minutes(15))) struct ClientCertificateTests {
  let certificates: Certificates

  init() throws {
    certificates = try Certificates.shared.get()
  }

  // MARK: When the configuration is read

  private func inspected(_ certificate: String, _ key: String) throws -> ClientCertificate.Inspection? {
    var pair = certificates.client
    (pair.certificate, pair.key) = (certificate, key)
    return ClientCertificate.inspect(try certificates.clientCertificate(pair))
  }

  @Test func aPairThatFitsIsToldWithItsEnd() throws {
    let found = try inspected(certificates.client.certificate, certificates.client.key)
    guard case .usable("CN=client", let end) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    // Two days, from a moment ago.
    let left = Timestamp(microseconds: wallClockMicroseconds()).duration(to: end)
    #expect(left > .seconds(86_400) && left <= .seconds(2 * 86_400))
  }

  @Test func ofAChainTheFirstEndIsTold() throws {
    var client = try certificates.clientCertificate(certificates.client)
    client.certificate += try certificates.contents(certificates.expired.certificate)
    guard case .usable("CN=Expired", let end) = ClientCertificate.inspect(client) else {
      Issue.record("\(String(describing: ClientCertificate.inspect(client)))")
      return
    }
    #expect(end < Timestamp(microseconds: wallClockMicroseconds()))
  }

  @Test func aKeyThatIsNotTheCertificatesIsToldToBeAnothers() throws {
    let found = try inspected(certificates.client.certificate, certificates.renewedClient.key)
    guard case .unusable(.key, let words) = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(words.hasPrefix("is not the key of the first certificate in"))
  }

  @Test func aKeyBehindAPassphraseIsRefusedAndNobodyIsAsked() throws {
    for pair in certificates.encrypted {
      guard case .unusable(.key, let words) = try inspected(pair.certificate, pair.key) else {
        Issue.record("\(pair.key) is taken")
        continue
      }
      #expect(words.contains("needs a passphrase") && words.contains("openssl pkey"))
    }
  }

  @Test(arguments: [
    (
      "-----BEGIN CERTIFICATE-----\nbm90IGE=\n-----END CERTIFICATE-----\n", ClientCertificate.File.certificate
    ),
    ("-----BEGIN CERTIFICATE-----\n", .certificate),
    ("-----BEGIN PRIVATE KEY-----\nbm90IGE=\n-----END PRIVATE KEY-----\n", .key),
    ("-----BEGIN PRIVATE KEY-----\n", .key),
  ])
  func whatCannotBeReadIsToldByItsFile(_ text: String, _ file: ClientCertificate.File) throws {
    var client = try certificates.clientCertificate(certificates.client)
    switch file {
    // Behind one that can be read.
    case .certificate: client.certificate += Array(text.utf8)
    case .key: client.key = Secret(text)
    }
    guard case .unusable(file, _) = ClientCertificate.inspect(client) else {
      Issue.record("\(String(describing: ClientCertificate.inspect(client)))")
      return
    }
  }

  // MARK: Servers that ask

  private func result(
    _ pair: TestAuthority.Pair?, atMost version: TLSVersion, _ change: (inout Destination) -> Void = { _ in }
  ) async throws -> AttemptResult {
    var result: AttemptResult?
    let tls = try certificates.server(asksClients: true, atMost: version)
    let client = try pair.map { try certificates.clientCertificate($0) }
    try await withServer(tls: tls) { server in
      let destination = server.destination().with {
        $0.tls = .init(authorityFile: certificates.authorityFile, client: client)
        change(&$0)
      }
      await withTransport(destination) { bench in
        result = await bench.send()
        // What was shown once is not asked again on a kept connection.
        if result?.status == 200 { result = await bench.send() }
      }
    }
    return result!
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func aServerThatAsksForACertificateIsShownIt(_ version: TLSVersion) async throws {
    #expect(try await result(certificates.client, atMost: version).status == 200)
    #expect(try await result(certificates.client, atMost: version) { $0.tls.verifies = false }.status == 200)
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func aServerThatDoesNotKnowTheAuthorityIsAFailureThatSaysSo(_ version: TLSVersion) async throws {
    let failure = try #require(try await result(certificates.strangersClient, atMost: version).failure)
    #expect(failure.kind == .tls)
    #expect(
      failure.message.contains("the server refuses the client (unknown ca): it does not know the authority"))
    #expect(failure.message.contains("127.0.0.1"))
  }

  @Test func withoutACertificateTheFailureSaysThatOneIsAskedFor() async throws {
    let failure = try #require(try await result(nil, atMost: .tlsv13).failure)
    #expect(failure.kind == .tls)
    #expect(
      failure.message.contains("it asks for a client certificate; name one in tls.certificate and tls.key"))
  }

  @Test func anAlertIsToldFromOtherFailures() {
    let read = "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0"
    #expect(ClientRefusal(read)?.alert == "certificate required")
    #expect(ClientRefusal("OpenSSL SSL_connect: sslv3 alert handshake failure") == nil)
    #expect(ClientRefusal("SSL certificate problem: certificate has expired") == nil)
    #expect(
      ClientRefusal("OpenSSL SSL_connect: sslv3 alert certificate expired")?.message.contains("renew") == true
    )
  }

  @Test func aRenewedCertificateIsShownOnNewConnections() async throws {
    let tls = try certificates.server(asksClients: true)
    try await withServer(tls: tls) { server in
      let (known, unknown) = (
        try certificates.clientCertificate(certificates.client),
        try certificates.clientCertificate(certificates.strangersClient)
      )
      let before = server.destination().with {
        $0.tls = .init(authorityFile: certificates.authorityFile, client: unknown)
      }
      let after = before.with { $0.tls.client = known }
      await withTransport(before) { bench in
        #expect(await bench.send().failure?.kind == .tls)
        bench.configure([after])
        #expect(await bench.send().status == 200)
        bench.configure([before])
        // Neither the connection that stands nor its session is used again.
        #expect(await bench.send().failure?.kind == .tls)
      }
    }
  }

  @Test func aTestAndALookShowItAndTellItsEnd() async throws {
    let tls = try certificates.server(asksClients: true)
    try await withServer(tls: tls) { server in
      let client = try certificates.clientCertificate(certificates.client)
      let destination = server.destination().with {
        $0.tls = .init(authorityFile: certificates.authorityFile, client: client)
      }
      let (sent, connected) = await Task.detached {
        (
          CurlProber().send(LoopBench.request(1), to: destination),
          CurlProber().connect(to: destination, within: .seconds(10))
        )
      }.value
      #expect(sent.answer?.status == 200)
      #expect(connected.failure == nil)
      #expect(connected.clientCertificate?.subject == "CN=client")
      #expect(connected.certificate?.subject == "CN=server")
    }
  }
}

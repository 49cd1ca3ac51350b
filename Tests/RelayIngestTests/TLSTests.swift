import Foundation
import NIOSSL
import RelayCore
import RelayListening
import RelayPipeline
import RelayTestSupport
import Testing

@testable import RelayIngest

/// `server.tls`, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct TLSTests {
  private let authority: TestAuthority
  private let pair: TestAuthority.Pair

  init() throws {
    authority = try TestAuthority()
    pair = try authority.issue("relay")
  }

  private func certificates(clientAuthority: String? = nil) throws -> ListenerCertificates {
    ListenerCertificates(
      try ListenerCertificates.make(
        ListenerTLS(certificate: pair.certificate, key: pair.key, clientAuthority: clientAuthority)))
  }

  /// - Parameter authority: Whom the client believes; nil: the one that has issued the listener's certificate.
  private func client(
    believing authority: TestAuthority? = nil, from oldest: TLSVersion = .tlsv12, to newest: TLSVersion? = nil
  ) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file((authority ?? self.authority).own.certificate)
    (configuration.minimumTLSVersion, configuration.maximumTLSVersion) = (oldest, newest)
    return configuration
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func requestsOfASafeVersionAreServed(_ version: TLSVersion) async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    try await withServer(receiver, certificates: certificates()) { _, address in
      let sender = try await RawClient.connect(
        to: address, tls: client(from: version, to: version))
      for body in ["{\"one\":1}", String(repeating: "x", count: 1 << 20)] {
        try await sender.send(Requests.post(body))
        #expect(try await receiver.next().text == body)
        #expect(await sender.response()?.statuses == [200])
      }
    }
  }

  /// Its end says that it sends nothing more, and it waits for the answer.
  @Test func aSenderThatClosesItsSideIsStillAnswered() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    try await withServer(receiver, certificates: certificates()) { _, address in
      let sender = try await RawClient.connect(to: address, tls: client())
      try await sender.send(Requests.post("{}"))
      try await sender.closeOutput()
      #expect(await sender.rest().statuses == [200])
    }
  }

  @Test func aSenderThatEndsItsSideWithoutAFarewellIsStillAnswered() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, certificates: certificates()) { _, address in
      let sender = try await RawClient.connect(to: address, tls: client())
      try await sender.send(Requests.post("{}"))
      let received = try await receiver.next()
      try await sender.closeOutputWithoutFarewell()
      received.complete()
      #expect(await sender.rest().statuses == [200])
    }
  }

  @Test func anOldVersionIsRefusedAndSaidWhy() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, certificates: certificates()) { _, address in
      let sender = try await RawClient.connect(to: address, tls: client(from: .tlsv1, to: .tlsv11))
      let refusal = try await receiver.nextRefusal()
      #expect(
        refusal.reason == .tlsFailed
          && refusal.explanation.contains("speaks no TLS, or none that is still safe"))
      #expect(await sender.rest() == "")
    }
  }

  @Test func plainHTTPIsToldToTheOperator() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, certificates: certificates()) { _, address in
      let sender = try await RawClient.connect(to: address)
      try await sender.send(Requests.post("{}"))
      #expect(try await receiver.nextRefusal().explanation.contains("must begin with https://"))
      #expect(await sender.rest().statuses == [])
    }
  }

  @Test func aSenderThatDoesNotBelieveTheCertificateIsToldToTheOperator() async throws {
    let receiver = StreamReceiver()
    let stranger = try TestAuthority("Stranger")
    try await withServer(receiver, certificates: certificates()) { _, address in
      let sender = try await RawClient.connect(to: address, tls: client(believing: stranger))
      #expect(
        try await receiver.nextRefusal().explanation.contains("does not believe this listener's certificate"))
      #expect(await sender.rest() == "")
    }
  }

  /// A balancer that looks whether somebody listens says nothing.
  @Test func whoConnectsAndHangsUpIsNoFailure() {
    let error = NIOSSLError.handshakeFailed(.sslError([.eofDuringHandshake]))
    #expect(TLSFailure.explanation(of: error, at: .ingest) == nil)
    #expect(TLSFailure.explanation(of: NIOSSLError.uncleanShutdown, at: .ingest) == nil)
  }

  @Test func whereCertificatesAreAskedForOnlyTheirHoldersAreServed() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    let (clients, stranger) = (try TestAuthority("Clients"), try TestAuthority("Stranger"))
    let (known, unknown) = (try clients.issue("known"), try stranger.issue("unknown"))
    try await withServer(receiver, certificates: certificates(clientAuthority: clients.own.certificate)) {
      _, address in
      func sender(_ pair: TestAuthority.Pair?) async throws -> RawClient {
        var configuration = try client()
        if let pair {
          configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(pair.certificate).map {
            .certificate($0)
          }
          configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: pair.key, format: .pem))
        }
        let sender = try await RawClient.connect(to: address, tls: configuration)
        try? await sender.send(Requests.post("{}"))
        return sender
      }
      let unnamed = try await sender(nil)
      #expect(await unnamed.rest() == "")
      #expect(try await receiver.nextRefusal().explanation.contains("shows no certificate"))
      let foreign = try await sender(unknown)
      #expect(await foreign.rest() == "")
      #expect(try await receiver.nextRefusal().explanation.contains("is of no authority"))
      let welcome = try await sender(known)
      #expect(await welcome.response()?.statuses == [200])
    }
  }

  /// The proxy says in the clear whom it speaks for, and passes on the sender's TLS.
  @Test func aProxyHeaderComesBeforeTLS() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    let proxies = TrustedProxies([try #require(AddressBlock("127.0.0.0/8"))])
    try await withServer(
      receiver, certificates: certificates(),
      {
        $0.proxyProtocol = true
        $0.trustedProxies = proxies
      }
    ) { _, address in
      let sender = try await RawClient.connect(to: address)
      try await sender.send("PROXY TCP4 203.0.113.7 203.0.113.8 4711 443\r\n")
      try await sender.startTLS(client())
      for _ in 0..<2 {
        try await sender.send(Requests.post("{}"))
        #expect(await sender.response()?.statuses == [200])
      }
    }
  }

  /// Open connections stay as they are.
  @Test func changedFilesAreTakenForNewConnections() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    let certificates = try certificates()
    #expect(certificates.lookAgain() == nil)
    try await withServer(receiver, certificates: certificates) { _, address in
      let before = try await RawClient.connect(to: address, tls: client())
      try await before.send(Requests.post("{}"))
      #expect(await before.response()?.statuses == [200])

      let other = try TestAuthority("Other")
      let renewed = try other.issue("renewed")
      // One file after the other: between them they do not fit.
      try replace(pair.certificate, by: renewed.certificate)
      #expect(throws: CertificateError.self) { try certificates.lookAgain()?.get() }
      #expect(certificates.lookAgain() == nil, "it is told once")
      try replace(pair.key, by: renewed.key)
      try #require(certificates.lookAgain()).get()
      #expect(certificates.lookAgain() == nil)

      let after = try await RawClient.connect(to: address, tls: client(believing: other))
      for sender in [before, after] {
        try await sender.send(Requests.post("{}"))
        #expect(await sender.response()?.statuses == [200])
      }
    }
  }

  private func replace(_ file: String, by other: String) throws {
    try FileManager.default.removeItem(atPath: file)
    try FileManager.default.copyItem(atPath: other, toPath: file)
  }

  @Test func filesThatDoNotFitAreNamed() throws {
    let other = try authority.issue("other")
    func problem(_ certificate: String, _ key: String, _ authority: String? = nil) -> String? {
      ListenerCertificates.problem(
        of: ListenerTLS(certificate: certificate, key: key, clientAuthority: authority))
    }
    #expect(problem(pair.certificate, pair.key, authority.own.certificate) == nil)
    #expect(problem(pair.certificate, other.key)?.contains("is not the key of the first certificate") == true)
    #expect(problem(pair.key, pair.key)?.contains("holds no certificate") == true)
    #expect(problem(pair.certificate, pair.certificate)?.contains("holds no private key") == true)
    #expect(problem(pair.certificate, pair.key, pair.key)?.contains("holds no certificate") == true)
    #expect(problem("/nowhere", pair.key)?.contains("/nowhere") == true)
  }
}

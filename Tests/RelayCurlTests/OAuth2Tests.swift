import RelayCore
import RelayThreads
import Testing

@testable import RelayCurl

/// Destinations whose access tokens come from a token server.
@Suite(.timeLimit(.minutes(15))) struct OAuth2Tests {
  private static func client(_ server: TestServer, secret: String = "hunter2") -> OAuth2Client {
    OAuth2Client(
      tokenURL: server.destination(path: "/token").url, clientID: "relay", clientSecret: Secret(secret))
  }

  private static func token(_ value: String, expiresIn: Int = 3_600) -> Reaction {
    .answer(
      headers: "content-type: application/json\r\n",
      body: #"{"access_token":"\#(value)","token_type":"Bearer","expires_in":\#(expiresIn)}"#)
  }

  /// A destination that lets in who has the token that counts now.
  private func withDestination(
    lettingIn valid: Locked<String>, client: (TestServer) -> OAuth2Client, at tokens: TestServer,
    body: (Destination, TestServer) async throws -> Void
  ) async throws {
    try await withServer(script: { request in
      request.values(of: "authorization") == ["Bearer \(valid.withLock { $0 })"]
        ? .answer() : .answer(401, body: "not \(request.values(of: "authorization").joined())")
    }) { server in
      try await body(server.destination().with { $0.authorization = .oauth2(client(tokens)) }, server)
    }
  }

  @Test func allWaitForOneTokenAndAreSentWithIt() async throws {
    let valid = Locked("one")
    try await withServer(script: { _ in .held }) { tokens in
      try await withDestination(lettingIn: valid, client: { Self.client($0) }, at: tokens) {
        destination, server in
        let twin = destination.with { $0.name = "twin" }
        let plain = server.destination("plain")
        await withTransport(destination, twin, plain) { bench in
          let waiting = bench.start(20) + bench.start(5, to: "twin")
          let asked = await tokens.log.wait { $0.requests.count == 1 }
          // Nobody else feels it.
          #expect(await bench.send(to: "plain").status == 401)
          tokens.release { _ in Self.token("one") }
          #expect(await bench.results(of: waiting).allSatisfy { $0.status == 200 })
          #expect(await bench.send().status == 200)
          #expect(tokens.log.value.requests.count == 1)
          let request = asked.requests[0]
          #expect(request.requestLine.hasPrefix("POST /token"))
          #expect(
            request.values(of: "authorization") == ["Basic \(Base64.text(Array("relay:hunter2".utf8)))"])
          #expect(request.body == Array("grant_type=client_credentials".utf8))
        }
      }
    }
  }

  @Test func aTokenThatIsRefusedIsReplacedAndTheRequestGoesAgainUncounted() async throws {
    let valid = Locked("1")
    let count = Locked(0)
    try await withServer(script: { _ in
      Self.token(
        count.withLock {
          $0 += 1
          return "\($0)"
        })
    }) { tokens in
      try await withDestination(lettingIn: valid, client: { Self.client($0) }, at: tokens) {
        destination, server in
        await withTransport(destination) { bench in
          #expect(await bench.send().status == 200)
          valid.withLock { $0 = "2" }
          #expect(await bench.results(of: bench.start(10)).allSatisfy { $0.status == 200 })
          #expect(tokens.log.value.requests.count == 2)
          // It lets nobody in: each request has its answer, and the token server its peace.
          valid.withLock { $0 = "none" }
          let before = server.log.value.requests.count
          let refused = await bench.results(of: bench.start(10))
          #expect(refused.allSatisfy { $0.status == 401 })
          #expect(server.log.value.requests.count == before + 10)
          #expect(tokens.log.value.requests.count == 2)
          let sent = refused[0].evidence?.requestHeaders.map { String(decoding: $0, as: UTF8.self) }
          #expect(
            sent?.contains("authorization: Bearer [secret]") == true && sent?.contains("Bearer 2") == false)
        }
      }
    }
  }

  @Test func oneThatEndsIsRenewed() async throws {
    let count = Locked(0)
    try await withServer(script: { _ in
      Self.token(
        count.withLock {
          $0 += 1
          return "\($0)"
        }, expiresIn: 1)
    }) { tokens in
      try await withServer { server in
        let destination = server.destination().with { $0.authorization = .oauth2(Self.client(tokens)) }
        await withTransport(destination) { bench in
          #expect(await bench.send().status == 200)
          await bench.pass(.milliseconds(1_100))
          #expect(await bench.send().status == 200)
          let sent = server.log.value.requests.map { $0.values(of: "authorization") }
          #expect(sent == [["Bearer 1"], ["Bearer 2"]])
        }
      }
    }
  }

  @Test(arguments: [
    (Reaction.answer(503), "it answers 503"), (.answer(body: "<html>"), "no JSON object"),
    (.answer(body: "{}"), "no access_token"), (.close, "connection reset"),
    (.answer(400, body: #"{"error":"invalid_scope"}"#), "it answers 400: invalid_scope"),
    (
      .send("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 70_000), then: .close),
      "longer than 65536"
    ),
    (
      .send(
        "HTTP/1.1 200 OK\r\n"
          + String(repeating: "x: \(String(repeating: "y", count: 1_000))\r\n", count: 400)),
      "header is longer than"
    ),
  ])
  func aServerThatGivesNoneIsTheDestinationsFailureInWords(_ reaction: Reaction, _ words: String) async throws
  {
    try await withServer(script: { _ in reaction }) { tokens in
      try await withServer { server in
        let destination = server.destination().with { $0.authorization = .oauth2(Self.client(tokens)) }
        try await withTransport(destination) { bench in
          let results = await bench.results(of: bench.start(5))
          let failure = try #require(results[0].failure)
          #expect(results.allSatisfy { $0.failure == failure && $0.blame == .connection })
          #expect(failure.kind == .token)
          #expect(failure.message.hasPrefix("no access token from 127.0.0.1: "))
          #expect(failure.message.contains(words), "\(failure.message)")
          #expect(server.log.value.requests.isEmpty)
        }
      }
    }
  }

  @Test func aServerThatIsNotThereIsToldAndOneThatComesBackIsAskedAgain() async throws {
    let port = LoopbackPort.refusing()
    try await withServer { server in
      var client = Self.client(server)
      client.tokenURL = Secret("http://127.0.0.1:\(port.number)/token")
      let destination = server.destination().with { $0.authorization = .oauth2(client) }
      try await withTransport(destination) { bench in
        let failure = try #require(await bench.send().failure)
        #expect(failure.kind == .token && failure.message.contains("connection refused"))
      }
    }
    try await withServer(script: { $0.number == 0 ? .answer(500) : Self.token("one") }) { tokens in
      try await withServer { server in
        let destination = server.destination().with { $0.authorization = .oauth2(Self.client(tokens)) }
        await withTransport(destination) { bench in
          #expect(await bench.send().failure?.kind == .token)
          await bench.pass(.milliseconds(1_050))
          #expect(await bench.send().status == 200)
        }
      }
    }
  }

  @Test func anotherSecretIsAnotherToken() async throws {
    try await withServer(script: { Self.token($0.values(of: "authorization").joined().suffix(8) + "") }) {
      tokens in
      try await withServer { server in
        let destination = server.destination().with { $0.authorization = .oauth2(Self.client(tokens)) }
        await withTransport(destination) { bench in
          #expect(await bench.send().status == 200)
          bench.configure([destination.with { $0.concurrency = 3 }])
          #expect(await bench.send().status == 200)
          #expect(tokens.log.value.requests.count == 1)
          bench.configure([
            destination.with { $0.authorization = .oauth2(Self.client(tokens, secret: "other")) }
          ])
          #expect(await bench.send().status == 200)
          #expect(tokens.log.value.requests.count == 2)
          #expect(Set(server.log.value.requests.map { $0.values(of: "authorization") }).count == 2)
        }
      }
    }
  }

  @Test func theTokenServersCertificateIsCheckedWithTheDestinationsAuthorityWhateverVerifySays() async throws
  {
    let certificates = try Certificates.shared.get()
    try await withServer(tls: try certificates.server(), script: { _ in Self.token("one") }) { tokens in
      try await withServer { server in
        let trusting = server.destination().with {
          $0.authorization = .oauth2(Self.client(tokens))
          $0.tls = .init(authorityFile: certificates.authorityFile)
        }
        let careless = trusting.with {
          $0.name = "careless"
          $0.tls = .init(authorityFile: certificates.strangerFile, verifies: false)
        }
        await withTransport(trusting, careless) { bench in
          #expect(await bench.send().status == 200)
          let failure = await bench.send(to: "careless").failure
          #expect(failure?.kind == .token && failure?.message.contains("is not believed") == true)
        }
      }
    }
  }

  @Test func aTestAsksForATokenOfItsOwn() async throws {
    let valid = Locked("one")
    try await withServer(script: { $0.number == 0 ? Self.token("one") : .answer(503) }) { tokens in
      try await withDestination(lettingIn: valid, client: { Self.client($0) }, at: tokens) { destination, _ in
        let (sent, failed) = await Task.detached {
          (
            CurlProber().send(LoopBench.request(1), to: destination),
            CurlProber().send(LoopBench.request(2), to: destination)
          )
        }.value
        #expect(sent.answer?.status == 200 && sent.accessToken == Secret("one"))
        #expect(failed.failure?.kind == .token && failed.sentHeaders.isEmpty)
      }
    }
  }
}

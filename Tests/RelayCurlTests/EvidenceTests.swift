import Glibc
import RelayCore
import Testing

@testable import RelayCurl

/// What is kept of attempts beside their outcome.
@Suite(.timeLimit(.minutes(15))) struct EvidenceTests {
  private func attempt(
    _ reaction: Reaction, headers: HeaderLines = ["content-type: a/b", "webhook-id: evt_1"],
    _ change: (inout Destination) -> Void = { _ in }
  ) async throws -> (result: AttemptResult, served: ServedRequest, port: Int) {
    var found: (AttemptResult, ServedRequest, Int)?
    try await withServer(script: { _ in reaction }) { server in
      let destination = server.destination().with(change)
      try await withTransport(destination) { bench in
        let result = await bench.send(headers: headers, body: Array("{}".utf8))
        let port = try #require(ParsedURL(destination.url.reveal).flatMap { HostPort(url: $0)?.port })
        found = (result, try #require(server.log.value.requests.first), port)
      }
    }
    return try #require(found)
  }

  private func lines(_ bytes: [UInt8]?) -> [String] {
    bytes.map { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) } ?? []
  }

  @Test(arguments: [200, 503]) func thePeerAndTheFirstByteAreKeptWhateverCame(_ status: Int) async throws {
    let (result, _, port) = try await attempt(.answer(status))
    #expect(result.peer.map { "\($0)" } == "127.0.0.1:\(port)")
    let firstByte = try #require(result.firstByte)
    #expect(firstByte > .zero && firstByte <= result.duration)
  }

  @Test func onAKeptConnectionTheyAreKeptToo() async throws {
    try await withServer { server in
      await withTransport(server.destination().with { $0.concurrency = 1 }) { bench in
        let first = await bench.send()
        let second = await bench.send()
        #expect(first.peer != nil && first.peer == second.peer)
        #expect(second.firstByte.map { $0 > .zero && $0 <= second.duration } == true)
        #expect(server.log.value.requests.allSatisfy { $0.connection == 0 })
      }
    }
  }

  @Test func ofASuccessNothingMoreIsKept() async throws {
    let (result, _, _) = try await attempt(.answer(200))
    #expect(result.evidence == nil)
  }

  /// Whatever libcurl adds by itself, and whatever is masked: the names are those that arrived, and what is no secret is as it was.
  @Test(arguments: [
    nil, Destination.Authorization.bearer(Secret("s3cret")),
    .basic(username: "u", password: Secret("s3cret")),
  ])
  func theRequestsHeadersAreThoseThatArrivedWithTheirSecretsMasked(
    _ authorization: Destination.Authorization?
  )
    async throws
  {
    let (result, served, _) = try await attempt(.answer(422)) {
      $0.authorization = authorization
      $0.headers = [
        .init(name: "X-Api-Key", value: Secret("k3y")), .init(name: "X-Empty", value: Secret("")),
      ]
    }
    let kept = lines(result.evidence?.requestHeaders)
    func name(_ line: String) -> String { line.prefix { $0 != ":" }.lowercased() }
    #expect(kept.map(name).sorted() == served.headers.map { $0.name.lowercased() }.sorted())
    let masked: Set = ["authorization", "x-api-key", "x-empty"]
    for header in served.headers where !masked.contains(header.name.lowercased()) {
      #expect(
        kept.contains { name($0) == header.name.lowercased() && $0.hasSuffix(": \(header.value)") },
        "\(header)")
    }
    for line in kept where masked.contains(name(line)) { #expect(line.hasSuffix("[secret]")) }
    #expect(
      !kept.joined().contains("s3cret") && !kept.joined().contains("k3y") && !kept.joined().contains("dTpz"))
  }

  @Test func credentialsOfTheURLAreMaskedAsWell() async throws {
    let (result, served, port) = try await attempt(.answer(500)) {
      $0.url = Secret($0.url.reveal.replacing("http://", with: "http://user:s3cret@"))
    }
    #expect(served.values(of: "authorization").count == 1)
    let kept = lines(result.evidence?.requestHeaders)
    #expect(kept.contains("Authorization: Basic [secret]") && kept.contains("Host: 127.0.0.1:\(port)"))
  }

  @Test func theAnswersHeadersAreKeptWithoutItsCookies() async throws {
    let head =
      "HTTP/1.1 503 No\r\nServer: nginx\r\nSet-Cookie: id=7\r\nX-A: 1\r\nX-A: 2\r\ncontent-length: 0\r\n\r\n"
    let (result, _, _) = try await attempt(.send(head))
    #expect(
      lines(result.evidence?.answerHeaders) == [
        "Server: nginx", "Set-Cookie: [secret]", "X-A: 1", "X-A: 2", "content-length: 0",
      ])
  }

  @Test func theyAreThoseOfTheFinalAnswerAndBounded() async throws {
    let long = (0..<500).map { "x-\($0): \(String(repeating: "y", count: 50))\r\n" }.joined()
    let head =
      "HTTP/1.1 103 Early\r\nlink: a\r\n\r\nHTTP/1.1 500 No\r\nserver: b\r\n\(long)content-length: 0\r\n\r\n"
    let (result, _, _) = try await attempt(.send(head))
    let kept = try #require(result.evidence?.answerHeaders)
    #expect(lines(kept).first == "server: b")
    #expect(kept.count <= AttemptEvidence.keptAnswerBytes * 2)
  }

  @Test func whereNobodyListensThePeerIsKeptAndNothingWasSent() async throws {
    let nobody = LoopbackPort.refusing()
    let port = nobody.number
    await withTransport(Destination(name: "test", url: Secret("http://127.0.0.1:\(port)/"))) { bench in
      let result = await bench.send()
      #expect(result.failure?.kind == .connectionRefused)
      #expect(result.peer.map { "\($0)" } == "127.0.0.1:\(port)")
      #expect(result.firstByte == nil)
      #expect(result.evidence == AttemptEvidence())
    }
  }
}

import RelayCore
import Testing

@Suite(.timeLimit(.minutes(15))) struct NetworkFailureTests {
  /// All that must never be seen in a failure's words.
  private static let secret = "hunter2"

  private func failure(of destination: Destination) async throws -> TransportFailure {
    var result: AttemptResult?
    let secretive = destination.with {
      $0.headers = [.init(name: "X-Key", value: Secret(Self.secret))]
      $0.authorization = .bearer(Secret(Self.secret))
    }
    await withTransport(secretive) { bench in
      result = await bench.send(body: Array(Self.secret.utf8))
    }
    let failure = try #require(result?.failure)
    #expect(!failure.description.contains(Self.secret))
    return failure
  }

  private func failure(
    of reaction: Reaction, _ change: (inout Destination) -> Void = { _ in }
  ) async throws -> TransportFailure {
    var failure: TransportFailure?
    try await withServer(script: { _ in reaction }) { server in
      failure = try await self.failure(
        of: server.destination(path: "/hook?key=\(Self.secret)").with(change))
    }
    return failure!
  }

  private func destination(port: Int) -> Destination {
    let secret = Self.secret
    return Destination(
      name: "test", url: Secret("http://user:\(secret)@127.0.0.1:\(port)/\(secret)?k=\(secret)"))
  }

  /// After how long it says that it gave up.
  private func milliseconds(in message: String) -> Int {
    let words = message.split(separator: " ")
    return words.firstIndex(of: "after").flatMap { Int(words[$0 + 1]) } ?? 0
  }

  @Test func aNameThatDoesNotExistIsNamed() async throws {
    let failure = try await failure(
      of: Destination(name: "test", url: Secret("http://user:\(Self.secret)@nonexistent.invalid/")))
    #expect(failure.kind == .nameResolution)
    #expect(failure.message.hasPrefix("could not look up nonexistent.invalid: "))
  }

  @Test func aRefusedConnectionIsToldWithItsPort() async throws {
    let port = LoopbackPort.refusing()
    let failure = try await failure(of: destination(port: port.number))
    #expect(failure.kind == .connectionRefused)
    #expect(failure.message.contains("127.0.0.1 port \(port.number)"))
  }

  @Test func aServerThatTakesNoConnectionIsAConnectTimeout() async throws {
    let port = LoopbackPort.silent()
    let failure = try await failure(
      of: destination(port: port.number).with { $0.connectTimeout = .milliseconds(150) })
    #expect(failure.kind == .connectTimeout)
    #expect(milliseconds(in: failure.message) >= 150)
  }

  @Test func theWholeTimeoutCountsWhileConnectingToo() async throws {
    let port = LoopbackPort.silent()
    let failure = try await failure(
      of: destination(port: port.number).with { $0.timeout = .milliseconds(150) })
    #expect(failure.kind == .connectTimeout)
  }

  @Test func aServerThatNeverAnswersIsATimeout() async throws {
    let failure = try await failure(of: .nothing) { $0.timeout = .milliseconds(500) }
    #expect(failure.kind == .timeout)
    #expect(milliseconds(in: failure.message) >= 500)
  }

  @Test func halfAStatusLineIsNone() async throws {
    let failure = try await failure(of: .send("HTTP/1.1 20")) { $0.timeout = .milliseconds(500) }
    #expect(failure.kind == .timeout)
  }

  @Test func aServerThatClosesWithoutAnAnswerIsAReset() async throws {
    let failure = try await failure(of: .close)
    #expect(failure.kind == .reset)
    #expect(failure.message == "Empty reply from server")
  }

  @Test func aResetIsToldAsOne() async throws {
    let failure = try await failure(of: .reset)
    #expect(failure.kind == .reset)
    #expect(failure.message.contains("reset by peer"))
  }

  @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "garbage\r\n\r\n", "\0\0\0\0"])
  func whatIsNoHTTPIsToldAsThat(_ text: String) async throws {
    let failure = try await failure(of: .send(text, then: .close))
    #expect(failure.kind == .other)
    #expect(failure.message.hasPrefix("the answer is not HTTP"))
  }

  @Test func aURLThatLibcurlDoesNotTakeIsAFailureWithoutTheURL() async throws {
    for url in ["ftp://127.0.0.1/\(Self.secret)", "http://a b/\(Self.secret)", "http://[::1/\(Self.secret)"] {
      let failure = try await failure(of: Destination(name: "test", url: Secret(url)))
      #expect(failure.kind == .other)
    }
  }
}

import NIOSSL
import RelayCore
import Testing

@Suite(.timeLimit(.minutes(15))) struct TLSTests {
  let certificates: Certificates

  init() throws {
    certificates = try Certificates.shared.get()
  }

  private func result(
    host: String = "127.0.0.1", _ tls: Destination.TLS
  ) async throws -> AttemptResult {
    var result: AttemptResult?
    try await withServer(tls: try certificates.server()) { server in
      let destination = server.destination(host: host).with { $0.tls = tls }
      await withTransport(destination) { bench in result = await bench.send() }
    }
    return result!
  }

  @Test func aCertificateOfAnAuthorityOfOnesOwnIsBelieved() async throws {
    let result = try await result(.init(authorityFile: certificates.authorityFile))
    #expect(result.status == 200)
  }

  @Test func aCertificateOfAStrangersAuthorityIsNot() async throws {
    let failure = try #require(try await result(.init()).failure)
    #expect(failure.kind == .tls)
    #expect(failure.message.contains("certificate"))
  }

  @Test func aCertificateForAnotherHostIsNotBelieved() async throws {
    let result = try await result(host: "localhost", .init(authorityFile: certificates.authorityFile))
    let failure = try #require(result.failure)
    #expect(failure.kind == .tls)
    #expect(failure.message.contains("localhost"))
  }

  @Test func withoutVerifyingEitherIsAccepted() async throws {
    #expect(try await result(.init(verifies: false)).status == 200)
    #expect(try await result(host: "localhost", .init(verifies: false)).status == 200)
  }

  @Test func anAuthorityFileThatIsMissingIsNamed() async throws {
    let failure = try #require(try await result(.init(authorityFile: "/nonexistent/ca.pem")).failure)
    #expect(failure.kind == .tls)
    #expect(failure.message.contains("/nonexistent/ca.pem"))
  }

  @Test func requestsThatFollowEachOtherShareOneHandshake() async throws {
    try await withServer(tls: try certificates.server()) { server in
      let destination = server.destination().with { $0.tls.authorityFile = certificates.authorityFile }
      await withTransport(destination) { bench in
        for _ in 0..<10 { #expect(await bench.send().status == 200) }
        #expect(server.log.value.accepted == 1)
      }
    }
  }

  @Test func aPlainServerBehindHTTPSIsATLSFailure() async throws {
    try await withServer(.blurt("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")) { server in
      let destination = Destination(name: "test", url: Secret("https://127.0.0.1:\(server.port)/"))
      try await withTransport(destination) { bench in
        let failure = try #require(await bench.send().failure)
        #expect(failure.kind == .tls)
        #expect(failure.message.contains("does not speak TLS"))
      }
    }
  }

  @Test func aServerThatHangsUpDuringTheHandshakeIsATLSFailure() async throws {
    try await withServer(.blurt("")) { server in
      let destination = Destination(name: "test", url: Secret("https://127.0.0.1:\(server.port)/"))
      try await withTransport(destination) { bench in
        let failure = try #require(await bench.send().failure)
        #expect(failure.kind == .tls)
      }
    }
  }

  @Test func aHandshakeThatStallsIsATimeoutOfConnecting() async throws {
    // A server that waits for a plain request's end never says anything to a handshake.
    try await withServer { server in
      let destination = Destination(name: "test", url: Secret("https://127.0.0.1:\(server.port)/"))
        .with { $0.connectTimeout = .milliseconds(150) }
      try await withTransport(destination) { bench in
        let failure = try #require(await bench.send().failure)
        #expect(failure.kind == .connectTimeout)
        #expect(failure.message.contains("time"))
      }
    }
  }
}

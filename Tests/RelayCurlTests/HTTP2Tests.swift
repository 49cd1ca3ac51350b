import RelayCore
import Testing

@Suite(.timeLimit(.minutes(15))) struct HTTP2Tests {
  let certificates: Certificates

  init() throws {
    certificates = try Certificates.shared.get()
  }

  private func withHTTP2(
    script: @escaping TestServer.Script, body: (TestServer, TransportBench) async throws -> Void
  ) async throws {
    try await withServer(.http2, tls: try certificates.server(protocols: ["h2"]), script: script) { server in
      try await withTransport(destination(server)) { bench in try await body(server, bench) }
    }
  }

  private func destination(_ server: TestServer) -> Destination {
    server.destination().with {
      $0.usesHTTP2 = true
      $0.tls.authorityFile = certificates.authorityFile
    }
  }

  @Test func manyRequestsAtOnceShareOneConnection() async throws {
    try await withHTTP2(script: { _ in .held }) { server, bench in
      let ids = bench.start(10, body: Array("{\"a\":1}".utf8))
      await server.log.wait { $0.held == 10 }
      server.release { .http2Answer(to: $0) }
      #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
      #expect(server.log.value.accepted == 1)
      #expect(server.log.value.requests.allSatisfy { $0.body == Array("{\"a\":1}".utf8) })
      #expect(Set(server.log.value.requests.map(\.stream)).count == 10)
    }
  }

  @Test func aRequestThatMeetsGoAwayIsRepeatedOnAFreshConnection() async throws {
    let script: TestServer.Script = { $0.connection == 0 ? .held : .http2Answer(to: $0) }
    try await withHTTP2(script: script) { server, bench in
      let ids = bench.start(3)
      await server.log.wait { $0.held == 3 }
      server.release { _ in .goAway(lastStream: 0) }
      #expect(await bench.results(of: ids).map(\.status) == [200, 200, 200])
      #expect(server.log.value.requests.count == 6)
      #expect(bench.driver.log.value.finished.count == 3)
    }
  }

  @Test func requestsThatDieWithTheirConnectionShareTheNextOne() async throws {
    let script: TestServer.Script = { $0.connection == 0 ? .held : .http2Answer(to: $0) }
    try await withHTTP2(script: script) { server, bench in
      let ids = bench.start(16)
      await server.log.wait { $0.held == 16 }
      server.release { _ in .close }
      #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
      #expect(server.log.value.accepted == 2)
      #expect(server.log.value.requests.count == 32)
    }
  }

  @Test func aConnectionOnWhichARequestTimedOutGetsNoNewOne() async throws {
    let script: TestServer.Script = { $0.connection == 0 ? .nothing : .http2Answer(to: $0) }
    try await withHTTP2(script: script) { server, bench in
      bench.configure([destination(server).with { $0.timeout = .seconds(4) }])
      #expect(await bench.send().failure?.kind == .timeout)
      #expect(await bench.send().status == 200)
      #expect(server.log.value.requests.map(\.connection) == [0, 1])
      // With the request that was under way the connection goes.
      await server.log.wait { $0.open == 1 }
    }
  }

  @Test func whatIsUnderWayOnAConnectionThatIsLeftBehindFinishes() async throws {
    let script: TestServer.Script = { $0.connection == 0 ? .held : .http2Answer(to: $0) }
    try await withHTTP2(script: script) { server, bench in
      let ids = bench.start(2)
      await server.log.wait { $0.held == 2 }
      bench.driver.plan { $0.freshConnections = ["test"] }
      #expect(await bench.send().status == 200)
      server.release { .http2Answer(to: $0) }
      #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
      #expect(server.log.value.requests.map(\.connection) == [0, 0, 1])
      await server.log.wait { $0.open == 1 }
    }
  }

  /// There is always a request on it, and so libcurl never looks at its age.
  @Test func aConnectionThatIsNeverIdleIsLeftBehindWhenItIsOld() async throws {
    let script: TestServer.Script = { $0.connection == 0 ? .held : .http2Answer(to: $0) }
    try await withServer(.http2, tls: try certificates.server(protocols: ["h2"]), script: script) { server in
      let patient = destination(server).with { $0.timeout = .seconds(60) }
      await withTransport(patient, connectionLifetime: .seconds(2)) { bench in
        let first = bench.start()[0]
        await server.log.wait { $0.held == 1 }
        await bench.pass(.seconds(4))
        #expect(await bench.send().status == 200)
        server.release { .http2Answer(to: $0) }
        #expect(await bench.result(of: first).status == 200)
        #expect(server.log.value.requests.map(\.connection) == [0, 1])
      }
    }
  }

  @Test func aStreamThatTheServerResetsAloneIsAFailedAttempt() async throws {
    let script: TestServer.Script = { $0.number == 0 ? .http2Reset(of: $0) : .http2Answer(to: $0) }
    try await withHTTP2(script: script) { server, bench in
      #expect(await bench.send().failure?.kind == .reset)
      #expect(await bench.send().status == 200)
      #expect(server.log.value.requests.map(\.connection) == [0, 0])
    }
  }

  /// The destination may be spoken to in HTTP/2, and this server does not: what holds for HTTP/1.1 holds.
  @Test func aServerThatSpeaksHTTP1AloneIsNotTakenForASharedConnection() async throws {
    let script: TestServer.Script = { $0.number == 0 ? .answer() : .reset }
    try await withServer(tls: try certificates.server(), script: script) { server in
      await withTransport(destination(server)) { bench in
        #expect(await bench.send().status == 200)
        bench.driver.plan { $0.freshConnections = ["test"] }
        #expect(await bench.send().failure?.kind == .reset)
        #expect(server.log.value.requests.count == 2, "on a fresh connection it has failed")
      }
    }
  }

  @Test func requestsOnALostConnectionShareTheNextOne() async throws {
    try await withHTTP2(script: { .http2Answer(to: $0) }) { server, bench in
      #expect(await bench.send().status == 200)
      try await server.deafen()
      let results = await bench.results(of: bench.start(5))
      #expect(results.allSatisfy { $0.status == 200 })
      #expect(server.log.value.accepted == 2)
    }
  }

  @Test func itIsRepeatedOnceAndThenFails() async throws {
    try await withHTTP2(script: { _ in .goAway(lastStream: 0) }) { server, bench in
      let failure = try #require(await bench.send().failure)
      #expect(failure.kind == .reset)
      #expect(server.log.value.requests.count == 2)
    }
  }

  @Test func afterARepeatTheHandleSharesConnectionsAgain() async throws {
    let script: TestServer.Script = { $0.number == 0 ? .goAway(lastStream: 0) : .http2Answer(to: $0) }
    try await withHTTP2(script: script) { server, bench in
      for _ in 0..<5 { #expect(await bench.send().status == 200) }
      #expect(server.log.value.accepted == 2)
    }
  }

  @Test func aServerThatSpeaksHTTP1AloneWorksToo() async throws {
    try await withServer(tls: try certificates.server()) { server in
      await withTransport(destination(server)) { bench in
        let ids = bench.start(5)
        #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
        #expect(await bench.send().status == 200)
        #expect(server.log.value.requests.allSatisfy { $0.requestLine.hasSuffix("HTTP/1.1") })
      }
    }
  }

  @Test func aPlainServerIsSpokenToInHTTP1() async throws {
    try await withServer { server in
      await withTransport(server.destination().with { $0.usesHTTP2 = true }) { bench in
        #expect(await bench.send().status == 200)
        #expect(server.log.value.requests.map(\.requestLine) == ["POST /hook HTTP/1.1"])
      }
    }
  }
}

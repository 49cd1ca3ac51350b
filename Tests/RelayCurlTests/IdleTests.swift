import RelayCore
import RelayThreads
import Testing

@testable import RelayCurl

@Suite(.timeLimit(.minutes(1))) struct IdleTests {
  @Test func anIdleLoopWithKeptConnectionsWaitsForEver() async throws {
    try await withServer { server in
      try await expectRest(server, after: 10, beside: server.destination().with { $0.concurrency = 10 })
      #expect(server.log.value.accepted > 1)
    }
  }

  @Test func soItDoesAfterFailures() async throws {
    try await withServer(script: { _ in .nothing }) { server in
      let hasty = server.destination().with { $0.timeout = .milliseconds(60) }
      try await expectRest(server, after: 5, beside: hasty)
    }
  }

  @Test func soItDoesOverTLSAndHTTP2() async throws {
    let certificates = try Certificates.shared.get()
    let tls = try certificates.server(protocols: ["h2"])
    try await withServer(.http2, tls: tls, script: { .http2Answer(to: $0) }) { server in
      let destination = server.destination().with {
        $0.usesHTTP2 = true
        $0.tls.authorityFile = certificates.authorityFile
      }
      try await expectRest(server, after: 5, beside: destination)
      #expect(server.log.value.requests.count == 5)
    }
  }

  /// In the turn that tells of the last attempt, nothing must be left to wait for.
  private func expectRest(
    _ server: TestServer, after count: Int, beside destination: Destination
  ) async throws {
    let bench = LoopBench()
    let timeout = Watched<Int32?>(nil)
    let left = Locked(count)
    bench.driver.onTurn { finished in
      let isLast = left.withLock { left in
        left -= finished.count
        return left == 0
      }
      guard isLast, !finished.isEmpty else { return }
      timeout.update { $0 = bench.loop.timeoutMilliseconds(atMost: nil) }
    }
    bench.driver.plan { turn in
      turn.endpoints = [destination]
      turn.requests = (0..<count).map { LoopBench.request(Int64($0)) }
    }
    let thread = bench.run()
    #expect(await timeout.wait { $0 != nil } == -1)
    bench.stop()
    thread.join()
    bench.driver.onTurn(nil)
  }
}

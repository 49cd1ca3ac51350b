import RelayCore
import RelayThreads
import Testing

@testable import RelayCurl

@Suite(.timeLimit(.minutes(15))) struct IdleTests {
  @Test func anIdleLoopWaitsForEverOnceItsConnectionsAreClosed() async throws {
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

  /// Connections are closed when they have been idle for `max_idle`, and then nothing must be left to wait for.
  private func expectRest(
    _ server: TestServer, after count: Int, beside destination: Destination
  ) async throws {
    let bench = LoopBench()
    let timeouts = Watched<[Int32]>([])
    let left = Watched(count)
    bench.driver.onTurn { finished in
      left.update { $0 -= finished.count }
      timeouts.update { $0.append(bench.loop.timeoutMilliseconds(atMost: nil)) }
    }
    bench.driver.plan { turn in
      turn.destinations = [destination.with { $0.maxIdle = .seconds(1) }]
      turn.requests = (0..<count).map { LoopBench.request(Int64($0)) }
    }
    let thread = bench.run()
    await left.wait { $0 == 0 }
    await server.log.wait { $0.open == 0 }
    // The loop may be at the closing still: it is called until it has nothing to wait for.
    bench.wake()
    var last = await timeouts.wait(until: { !$0.isEmpty }).last
    while last != -1, !Task.isCancelled {
      timeouts.update { $0 = [] }
      bench.wake()
      last = await timeouts.wait(until: { !$0.isEmpty }).last
    }
    #expect(last == -1)
    bench.stop()
    thread.join()
    bench.driver.onTurn(nil)
  }
}

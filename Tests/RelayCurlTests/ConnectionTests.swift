import RelayCore
import Testing

@Suite(.timeLimit(.minutes(15))) struct ConnectionTests {
  @Test func requestsThatFollowEachOtherShareOneConnection() async throws {
    try await withServer { server in
      await withTransport(server.destination()) { bench in
        for _ in 0..<30 { #expect(await bench.send().status == 200) }
        #expect(server.log.value.requests.count == 30)
        #expect(server.log.value.accepted == 1)
      }
    }
  }

  @Test func answersOfEveryOrdinarySizeKeepTheConnection() async throws {
    let sizes = [0, 1, 1_024, 30_000, 64 << 10]
    let script: TestServer.Script = { .answer(body: String(repeating: "x", count: sizes[$0.number])) }
    try await withServer(script: script) { server in
      await withTransport(server.destination()) { bench in
        for size in sizes { #expect(await bench.send().answer?.count == min(size, 1_024)) }
        #expect(server.log.value.accepted == 1)
      }
    }
  }

  @Test func thereAreNoMoreConnectionsThanRequestsAtOnce() async throws {
    try await withServer(script: { _ in .held }) { server in
      await withTransport(server.destination().with { $0.concurrency = 8 }) { bench in
        for _ in 0..<4 {
          let ids = bench.start(8)
          await server.log.wait { $0.held == 8 }
          server.release()
          #expect(await bench.results(of: ids).allSatisfy(\.isSuccess))
        }
        #expect(server.log.value.accepted == 8)
        #expect(server.log.value.open == 8)
      }
    }
  }

  @Test func aConnectionThatTheServerClosedWhileIdleIsNotMissed() async throws {
    try await withServer(script: { _ in .answer(then: .close) }) { server in
      await withTransport(server.destination()) { bench in
        for _ in 0..<3 {
          #expect(await bench.send().status == 200)
          await server.log.wait { $0.open == 0 }
        }
        #expect(server.log.value.accepted == 3)
        #expect(server.log.value.requests.count == 3)
      }
    }
  }

  @Test func aKeptConnectionThatDiesUnderARequestIsReplaced() async throws {
    // The first connection answers once, and is cut without a word at its second request.
    try await withServer(script: { $0.number == 1 ? .close : .answer() }) { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().status == 200)
        #expect(await bench.send().status == 200)
        #expect(server.log.value.requests.map(\.connection) == [0, 0, 1])
      }
    }
  }
}

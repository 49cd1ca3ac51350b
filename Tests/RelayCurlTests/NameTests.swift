import RelayCore
import Testing

@testable import RelayCurl

@Suite(.timeLimit(.minutes(1))) struct NameTests {
  @Test func whileTheNameIsUnknownOnlyFewTransfersStart() {
    let bench = LoopBench()
    let endpoint = Endpoint(
      Destination(name: "test", url: Secret("http://nonexistent.invalid/")), loop: bench.loop)
    for id: Int64 in 1...20 { endpoint.start(LoopBench.request(id), at: .epoch, .now) }
    #expect(endpoint.active.count == Endpoint.transfersWithoutName)
    #expect(!endpoint.isIdle)
    endpoint.nameWasResolved(at: .now)
    // It is called from within libcurl, which must not be called then.
    #expect(endpoint.active.count == Endpoint.transfersWithoutName)
    endpoint.startWaiting()
    #expect(endpoint.active.count == 20)
    endpoint.close()
  }

  @Test func requestsThatWaitedForANameThatDoesNotExistFailWithIt() async throws {
    let destination = Destination(name: "test", url: Secret("http://nonexistent.invalid/"))
      .with { $0.connectTimeout = .milliseconds(400) }
    await withTransport(destination) { bench in
      let ids = bench.start(3 * Endpoint.transfersWithoutName)
      #expect(await bench.results(of: ids).allSatisfy { $0.failure?.kind == .nameResolution })
    }
  }

  @Test func anEndpointThatIsReplacedWhileRequestsWaitForItsNameEndsThemAll() async throws {
    let destination = Destination(name: "test", url: Secret("http://nonexistent.invalid/"))
      .with { $0.connectTimeout = .milliseconds(400) }
    try await withServer { server in
      await withTransport(destination) { bench in
        let ids = bench.start(10)
        bench.configure([server.destination()])
        #expect(await bench.results(of: ids).allSatisfy { $0.failure != nil || $0.status == 200 })
        #expect(await bench.send().status == 200)
      }
    }
  }

  @Test func aNameThatResolvesLetsAllStart() async throws {
    try await withServer(script: { _ in .held }) { server in
      await withTransport(server.destination(host: "localhost").with { $0.concurrency = 40 }) { bench in
        let ids = bench.start(40)
        await server.log.wait { $0.held == 40 }
        server.release()
        #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
      }
    }
  }
}

import CCurl
import RelayCore
import Testing

@testable import RelayCurl

/// A request that libcurl never gets must end all the same.
@Suite(.timeLimit(.minutes(15))) struct UnstartedRequestTests {
  @Test func aRequestForADestinationThatDoesNotExistFails() async throws {
    try await withServer { server in
      try await withTransport(server.destination()) { bench in
        let failure = try #require(await bench.send(to: "gone").failure)
        #expect(failure == TransportFailure(kind: .other, message: "there is no destination gone"))
        #expect(await bench.send().status == 200)
      }
    }
  }

  @Test func aRequestForAnEndpointThatIsRemovedInTheSameTurnFails() async throws {
    try await withServer { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().status == 200)
        bench.driver.plan { $0.removedDestinations = ["test"] }
        #expect(await bench.send().failure != nil)
        #expect(server.log.value.requests.count == 1)
      }
    }
  }

  @Test func aRequestThatLibcurlDoesNotTakeFails() {
    let bench = LoopBench()
    let endpoint = Endpoint(unreachable, loop: bench.loop)
    // A pool that is closed takes nothing.
    endpoint.pool.close()
    endpoint.start(LoopBench.request(7), at: .epoch, .now)
    let ended = bench.loop.takeEndedApart()
    #expect(ended.map(\.delivery.rawValue) == [7])
    #expect(ended.first?.result.failure?.kind == .other)
    #expect(endpoint.isIdle)
    endpoint.close()
  }

  @Test func whenLibcurlFailsAsAWholeAllRequestsEnd() {
    let bench = LoopBench()
    let endpoint = Endpoint(unreachable, loop: bench.loop)
    for id: Int64 in 1...3 { endpoint.start(LoopBench.request(id), at: .epoch, .now) }
    endpoint.pool.acted(CURLM_INTERNAL_ERROR)
    var finished: [FinishedAttempt] = []
    endpoint.pool.collect(at: .now, into: &finished)
    #expect(Set(finished.map(\.delivery.rawValue)) == [1, 2, 3])
    #expect(finished.allSatisfy { $0.result.failure?.kind == .other })
    #expect(endpoint.isIdle)
    endpoint.close()
  }

  private var unreachable: Destination { Destination(name: "test", url: Secret("http://127.0.0.1:1/")) }
}

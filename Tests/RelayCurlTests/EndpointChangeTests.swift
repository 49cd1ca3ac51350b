import RelayCore
import RelayCurl
import Testing

@Suite(.timeLimit(.minutes(15))) struct EndpointChangeTests {
  @Test func requestsInFlightFinishAsTheyBeganAndNewOnesUseTheNewURL() async throws {
    try await withServer(script: { _ in .held }) { old in
      try await withServer { new in
        await withTransport(old.destination()) { bench in
          let before = bench.start(3)
          await old.log.wait { $0.held == 3 }
          bench.configure([new.destination(path: "/new")])
          #expect(await bench.send().status == 200)
          #expect(new.log.value.requests.map(\.requestLine) == ["POST /new HTTP/1.1"])
          old.release { _ in .answer(202) }
          #expect(await bench.results(of: before).map(\.status) == [202, 202, 202])
          // With its last request the old endpoint's connections go.
          await old.log.wait { $0.open == 0 }
          #expect(new.log.value.open == 1)
        }
      }
    }
  }

  @Test func aRemovedEndpointsConnectionsCloseAtOnce() async throws {
    try await withServer { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().status == 200)
        bench.driver.plan { $0.removedDestinations = ["test"] }
        bench.transport.wake()
        await server.log.wait { $0.open == 0 }
        #expect(await bench.send().failure != nil)
      }
    }
  }

  @Test func changingAnEndpointManyTimesUnderLoadLosesNothing() async throws {
    try await withServer { server in
      await withTransport(server.destination()) { bench in
        var ids: [DeliveryID] = []
        for round in 0..<40 {
          bench.configure([server.destination(path: "/\(round)").with { $0.concurrency = 1 + round % 3 }])
          ids += bench.start(5)
        }
        #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
        #expect(bench.driver.log.value.finished.count == 200)
        #expect(server.log.value.requests.count == 200)
      }
    }
  }

  @Test func stoppingAbandonsWhatIsInFlightPromptly() async throws {
    try await withServer(script: { _ in .held }) { server in
      weak var freed: ScriptedDriver?
      do {
        let bench = TransportBench()
        freed = bench.driver
        bench.configure([server.destination().with { $0.concurrency = 30 }])
        bench.transport.start(driver: bench.driver)
        bench.start(30)
        await server.log.wait { $0.held == 30 }
        let begun = ContinuousClock.now
        bench.transport.stop()
        #expect(begun.duration(to: .now) < .seconds(5))
        #expect(bench.driver.log.value.finished.isEmpty)
      }
      #expect(freed == nil)
      await server.log.wait { $0.open == 0 }
    }
  }

  @Test func stoppingTwiceOrBeforeTheStartIsHarmless() async throws {
    let bench = TransportBench()
    bench.transport.stop()
    bench.transport.start(driver: bench.driver)
    bench.transport.wake()
    bench.transport.stop()
    bench.transport.stop()
    bench.transport.wake()
    #expect(bench.driver.log.value.finished.isEmpty)
  }
}

import RelayCore
import RelayThreads
import Testing

@Suite(.timeLimit(.minutes(15))) struct TurnTests {
  @Test func wakesFromManyThreadsLoseNothing() async throws {
    try await withServer { server in
      await withTransport(server.destination().with { $0.concurrency = 4 }) { bench in
        let started = Watched<[DeliveryID]>([])
        let threads = (0..<6).map { number in
          WorkerThread(name: "waker \(number)") {
            for _ in 0..<25 {
              let ids = bench.start()
              started.update { $0 += ids }
              bench.transport.wake()
            }
          }
        }
        let ids = await started.wait { $0.count == 150 }
        for thread in threads { thread.join() }
        #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
        #expect(bench.driver.log.value.finished.count == 150)
      }
    }
  }

  @Test func theTransportComesBackAtTheDeadline() async throws {
    try await withTransport { bench in
      let deadline = MachineClock().now().advanced(by: .milliseconds(80))
      bench.driver.comeBack(at: deadline)
      bench.transport.wake()
      let cameBack = try #require(await bench.driver.log.wait { $0.cameBackAt != nil }.cameBackAt)
      #expect(cameBack >= deadline)
      // Late it may be on a busy machine; without the deadline it would never be.
      #expect(deadline.duration(to: cameBack) < .seconds(5))
    }
  }

  @Test func aDeadlineThatIsPastIsATurnAtOnce() async throws {
    await withTransport { bench in
      bench.driver.comeBack(at: .epoch)
      bench.transport.wake()
      await bench.driver.log.wait { $0.cameBackAt != nil }
    }
  }

  @Test func aDeadlineCountsWhileRequestsHang() async throws {
    try await withServer(script: { _ in .held }) { server in
      await withTransport(server.destination().with { $0.timeout = .seconds(50) }) { bench in
        bench.start()
        await server.log.wait { $0.held == 1 }
        bench.driver.comeBack(at: MachineClock().now().advanced(by: .milliseconds(30)))
        bench.transport.wake()
        await bench.driver.log.wait { $0.cameBackAt != nil }
        #expect(bench.driver.log.value.finished.isEmpty)
      }
    }
  }
}

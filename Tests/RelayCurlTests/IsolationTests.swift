import Glibc
import RelayCore
import RelayThreads
import Testing

@Suite(.timeLimit(.minutes(15))) struct IsolationTests {
  private static let hungTransfers = 300
  private static let healthyRequests = 100

  @Test func hungTransfersNeitherDelayNorConcernAHealthyEndpoint() async throws {
    let alone = try await cost(hungTransfers: 0)
    let beside = try await cost(hungTransfers: Self.hungTransfers)
    print("per healthy request: \(alone.cpu) alone, \(beside.cpu) beside \(Self.hungTransfers) hung ones")
    // Turns follow events: the hung ones have none.
    #expect(beside.turns < 2 * alone.turns + 20)
  }

  /// The CPU time of the transport's thread per healthy request, and the turns that all of them took.
  private func cost(hungTransfers: Int) async throws -> (cpu: Duration, turns: Int) {
    var cost = (cpu: Duration.zero, turns: 0)
    try await withServer(script: { _ in .held }) { sick in
      try await withServer { healthy in
        let hung = sick.destination("sick").with {
          $0.concurrency = Self.hungTransfers
          $0.timeout = .seconds(50)
        }
        await withTransport(hung, healthy.destination("healthy")) { bench in
          bench.start(hungTransfers, to: "sick")
          await sick.log.wait { $0.held == hungTransfers }
          #expect(await bench.send(to: "healthy").status == 200)
          let cpu = Locked(Duration.zero)
          bench.driver.onTurn { _ in cpu.withLock { $0 = threadTime() } }
          #expect(await bench.send(to: "healthy").status == 200)
          let (cpuBefore, turnsBefore) = (cpu.withLock { $0 }, bench.driver.log.value.turns)
          for _ in 0..<Self.healthyRequests { #expect(await bench.send(to: "healthy").status == 200) }
          cost.cpu = (cpu.withLock { $0 } - cpuBefore) / Self.healthyRequests
          cost.turns = bench.driver.log.value.turns - turnsBefore
          #expect(sick.log.value.held == hungTransfers)
          #expect(bench.driver.log.value.finished.allSatisfy { $0.destination == "healthy" })
        }
      }
    }
    return cost
  }

  @Test func aRefusedAndATimedOutEndpointLeaveTheOthersAlone() async throws {
    let (refusing, silent) = (LoopbackPort.refusing(), LoopbackPort.silent())
    func sick(_ name: String, _ port: LoopbackPort) -> Destination {
      Destination(name: name, url: Secret("http://127.0.0.1:\(port.number)/"))
        .with { $0.connectTimeout = .milliseconds(200) }
    }
    try await withServer { healthy in
      await withTransport(
        sick("refusing", refusing), sick("silent", silent), healthy.destination("healthy")
      ) { bench in
        let refused = bench.start(20, to: "refusing")
        let timedOut = bench.start(20, to: "silent")
        for _ in 0..<20 { #expect(await bench.send(to: "healthy").status == 200) }
        #expect(await bench.results(of: refused).allSatisfy { $0.failure?.kind == .connectionRefused })
        #expect(await bench.results(of: timedOut).allSatisfy { $0.failure?.kind == .connectTimeout })
      }
    }
  }
}

/// What the calling thread has used of the CPU.
private func threadTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

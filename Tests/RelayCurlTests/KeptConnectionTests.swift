import RelayCore
import RelayThreads
import Testing

@testable import RelayCurl

/// Servers close kept connections when it suits them, and firewalls forget them.
@Suite(.serialized, .timeLimit(.minutes(15))) struct KeptConnectionTests {
  /// A script that answers a connection's first request, and does something else about the others.
  private func firstOfEachConnection(then other: Reaction) -> TestServer.Script {
    let known = Locked<Set<Int>>([])
    return { request in
      known.withLock { $0.insert(request.connection).inserted } ? .answer() : other
    }
  }

  /// Brings so many connections to rest.
  private func keep(_ count: Int, of server: TestServer, by bench: TransportBench) async {
    let ids = bench.start(count)
    await server.log.wait { $0.held == count }
    server.release()
    #expect(await bench.results(of: ids).allSatisfy(\.isSuccess))
  }

  // MARK: Closed under a request

  /// libcurl 7.88.1 would have its say only five times in a handle's life.
  @Test(arguments: [Reaction.close, .reset])
  func noNumberOfConnectionsThatDieUnderARequestIsAFailure(_ death: Reaction) async throws {
    try await withServer(script: firstOfEachConnection(then: death)) { server in
      await withTransport(server.destination().with { $0.concurrency = 1 }) { bench in
        for _ in 0..<20 { #expect(await bench.send().status == 200) }
        #expect(server.log.value.accepted == 20)
      }
    }
  }

  @Test func aLargeBodyThatBreaksOffIsSentAgain() async throws {
    try await withServer(.http1Once) { server in
      await withTransport(server.destination()) { bench in
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 4 << 20)
        for _ in 0..<4 { #expect(await bench.send(body: body).status == 200) }
        #expect(server.log.value.requests.allSatisfy { $0.body.count == body.count })
      }
    }
  }

  @Test func aRequestIsSentTwiceAtMostHoweverManyConnectionsAreKept() async throws {
    let isDying = Locked(false)
    try await withServer(script: { _ in isDying.withLock { $0 } ? .close : .held }) { server in
      await withTransport(server.destination()) { bench in
        await keep(4, of: server, by: bench)
        isDying.withLock { $0 = true }
        #expect(await bench.send().failure?.kind == .reset)
        #expect(server.log.value.requests.count == 4 + 2)
      }
    }
  }

  @Test func aRequestThatDiesOnAFreshConnectionIsSentOnce() async throws {
    try await withServer(script: { _ in .close }) { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().failure?.kind == .reset)
        #expect(server.log.value.requests.count == 1)
      }
    }
  }

  @Test func aRequestWhoseAnswerHadBegunIsSentOnce() async throws {
    let script = firstOfEachConnection(then: .send("HTTP/1.1 103 Early Hints\r\n\r\n", then: .close))
    try await withServer(script: script) { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().status == 200)
        #expect(await bench.send().failure != nil)
        #expect(server.log.value.requests.count == 2)
      }
    }
  }

  @Test func aRepetitionHasWhatIsLeftOfTheTime() async throws {
    let script: TestServer.Script = { $0.number == 0 ? .answer() : $0.number == 1 ? .held : .nothing }
    try await withServer(script: script) { server in
      await withTransport(server.destination().with { $0.timeout = .seconds(4) }) { bench in
        #expect(await bench.send().status == 200)
        let id = bench.start()[0]
        await server.log.wait { $0.held == 1 }
        await bench.pass(.seconds(3))
        server.release { _ in .close }
        let result = await bench.result(of: id)
        #expect(result.failure?.kind == .timeout)
        #expect(server.log.value.requests.count == 3, "it was sent again")
        // A whole time of its own would end it after seven seconds.
        #expect(result.duration >= .seconds(4) && result.duration < .seconds(7))
      }
    }
  }

  // MARK: Not to be trusted any more

  @Test func afterATimeoutOnAKeptConnectionTheIdleOnesAreDropped() async throws {
    let isHung = Locked(false)
    try await withServer(script: { _ in isHung.withLock { $0 } ? .nothing : .held }) { server in
      let destination = server.destination().with {
        $0.timeout = .seconds(4)
        $0.maxIdle = .seconds(3_600)
      }
      await withTransport(destination) { bench in
        await keep(4, of: server, by: bench)
        isHung.withLock { $0 = true }
        #expect(await bench.send().failure?.kind == .timeout)
        await server.log.wait { $0.open == 0 }
        #expect(server.log.value.accepted == 4)
      }
    }
  }

  @Test func afterATimeoutOnAFreshConnectionTheIdleOnesAreKept() async throws {
    let script: TestServer.Script = { $0.number == 1 ? .nothing : .held }
    try await withServer(script: script) { server in
      await withTransport(server.destination().with { $0.timeout = .seconds(4) }) { bench in
        let first = bench.start()[0]
        await server.log.wait { $0.held == 1 }
        let second = bench.start()[0]
        await server.log.wait { $0.requests.count == 2 }
        server.release()
        #expect(await bench.result(of: first).status == 200)
        #expect(await bench.result(of: second).failure?.kind == .timeout)
        await server.log.wait { $0.open == 1 }
        let third = bench.start()[0]
        await server.log.wait { $0.held == 1 }
        server.release()
        #expect(await bench.result(of: third).status == 200)
        #expect(server.log.value.requests.map(\.connection) == [0, 1, 0])
      }
    }
  }

  @Test func aRequestOnAForgottenConnectionIsSentAgainLongBeforeItsTimeout() async throws {
    let isHeld = Locked(true)
    try await withServer(script: { _ in isHeld.withLock { $0 } ? .held : .answer() }) { server in
      try await withTransport(server.destination().with { $0.timeout = .seconds(40) }) { bench in
        await keep(4, of: server, by: bench)
        isHeld.withLock { $0 = false }
        try await server.deafen()
        let result = await bench.send()
        #expect(result.status == 200)
        #expect(result.duration < .seconds(20))
        // The three others are not tried.
        #expect(await bench.send().status == 200)
        #expect(server.log.value.requests.map(\.connection).last == 4)
        #expect(server.log.value.accepted == 5)
      }
    }
  }

  @Test func aServerThatTakesItsTimeIsNotTakenForLost() async throws {
    try await withServer(script: { $0.number == 0 ? .answer() : .held }) { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().status == 200)
        let id = bench.start()[0]
        await bench.pass(.seconds(3))
        server.release()
        #expect(await bench.result(of: id).status == 200)
        #expect(server.log.value.requests.count == 2)
      }
    }
  }

  // MARK: Fresh ones

  @Test func freshConnectionsAreMadeWhenTheDriverWantsThem() async throws {
    try await withServer { server in
      await withTransport(server.destination(), server.destination("other")) { bench in
        #expect(await bench.send().status == 200)
        #expect(await bench.send(to: "other").status == 200)
        bench.driver.plan { $0.freshConnections = ["test", "unknown"] }
        #expect(await bench.send().status == 200)
        #expect(await bench.send(to: "other").status == 200)
        #expect(server.log.value.requests.map(\.connection) == [0, 1, 2, 1])
        await server.log.wait { $0.open == 2 }
      }
    }
  }

  @Test func whatIsUnderWayThenFinishes() async throws {
    try await withServer(script: { $0.number == 0 ? .held : .answer() }) { server in
      await withTransport(server.destination()) { bench in
        let id = bench.start()[0]
        await server.log.wait { $0.held == 1 }
        bench.driver.plan { $0.freshConnections = ["test"] }
        #expect(await bench.send().status == 200)
        server.release { _ in .answer(202) }
        #expect(await bench.result(of: id).status == 202)
        #expect(server.log.value.requests.count == 2)
        await server.log.wait { $0.open == 1 }
      }
    }
  }

  @Test func aConnectionThatHasBeenIdleForMaxIdleIsClosed() async throws {
    try await withServer { server in
      await withTransport(server.destination().with { $0.maxIdle = .seconds(1) }) { bench in
        // It can't be idle before it is asked for.
        let begun = ContinuousClock.now
        #expect(await bench.send().status == 200)
        await server.log.wait { $0.open == 0 }
        #expect(begun.duration(to: .now) >= .seconds(1))
        #expect(await bench.send().status == 200)
      }
    }
  }
}

import RelayCore
import Testing

@testable import RelayCurl

@Suite(.timeLimit(.minutes(15))) struct NameTests {
  @Test func aLookupThatTakesLongerThanBothTimeoutsIsWaitedFor() async throws {
    let resolver = ScriptedResolver(["loja.test": .hang])
    let silent = LoopbackPort.silent()
    try await withServer { server in
      let named = server.destination(host: "loja.test").with {
        $0.connectTimeout = .milliseconds(500)
        $0.timeout = .seconds(2)
      }
      let clock = Destination(name: "clock", url: Secret("http://127.0.0.1:\(silent.number)/"))
        .with { $0.timeout = .milliseconds(2_500) }
      await withTransport(named, clock, resolve: resolver.resolve) { bench in
        let id = bench.start()[0]
        await resolver.asked.wait { $0 == ["loja.test"] }
        // Its end is more than either timeout later.
        #expect(await bench.send(to: "clock").failure != nil)
        #expect(bench.driver.log.value.results[id] == nil)
        resolver.release("loja.test", .addresses(["127.0.0.1"]))
        let result = await bench.result(of: id)
        #expect(result.status == 200)
        #expect(result.duration < .seconds(2))
      }
    }
  }

  @Test func aHungLookupDelaysNoOther() async throws {
    let resolver = ScriptedResolver(["hung.test": .hang, "loja.test": .addresses(["127.0.0.1"])])
    try await withServer { server in
      let hung = Destination(name: "hung", url: Secret("http://hung.test:\(server.port)/"))
      await withTransport(hung, server.destination(host: "loja.test"), resolve: resolver.resolve) { bench in
        let waiting = bench.start(20, to: "hung")
        await resolver.asked.wait { $0 == ["hung.test"] }
        for _ in 0..<5 { #expect(await bench.send().status == 200) }
        // One question, however many wait and come again.
        #expect(resolver.asked.value == ["hung.test", "loja.test"])
        resolver.release("hung.test", .addresses(["127.0.0.1"]))
        #expect(await bench.results(of: waiting).allSatisfy { $0.status == 200 })
      }
    }
  }

  @Test func aFailedLookupFailsAllThatWaitWithTheResolversWordsAndTheNextAsksAgain() async throws {
    let resolver = ScriptedResolver(["loja.test": .failure(NameFailure(words: "the servers are out"))])
    let destination = Destination(name: "test", url: Secret("http://loja.test/"))
    await withTransport(destination, resolve: resolver.resolve) { bench in
      for round in 1...2 {
        for result in await bench.results(of: bench.start(10)) {
          #expect(
            result.failure
              == TransportFailure(
                kind: .nameResolution, message: "could not look up loja.test: the servers are out"))
        }
        #expect(resolver.asked.value.count == round)
      }
    }
  }

  @Test func destinationsWithTheSameHostShareItsLookup() async throws {
    let resolver = ScriptedResolver(["loja.test": .addresses(["127.0.0.1"])])
    try await withServer { server in
      let (one, two) = (
        server.destination("one", host: "loja.test"), server.destination("two", host: "LOJA.test")
      )
      await withTransport(one, two, resolve: resolver.resolve) { bench in
        #expect(await bench.send(to: "one").status == 200)
        #expect(await bench.send(to: "two").status == 200)
        // A destination that is configured anew, too.
        bench.configure([one.with { $0.concurrency = 2 }])
        #expect(await bench.send(to: "one").status == 200)
        #expect(resolver.asked.value == ["loja.test"])
      }
    }
  }

  /// libcurl must find the name in its cache by whatever spelling the URL has: else it would look it up by itself.
  @Test(arguments: ["loja.test", "Loja.TEST", "loja.test."])
  func libcurlTakesTheAddressesHoweverTheNameIsSpelled(_ host: String) async throws {
    let resolver = ScriptedResolver([host.lowercased(): .addresses(["127.0.0.1"])])
    try await withServer { server in
      await withTransport(server.destination(host: host), resolve: resolver.resolve) { bench in
        #expect(await bench.send().status == 200)
      }
    }
  }

  @Test(arguments: [["::1", "127.0.0.1"], ["127.0.0.1", "::1"], ["127.0.0.9", "127.0.0.1"]])
  func eachAddressIsTried(_ addresses: [String]) async throws {
    let resolver = ScriptedResolver(["loja.test": .addresses(addresses)])
    try await withServer { server in
      await withTransport(server.destination(host: "loja.test"), resolve: resolver.resolve) { bench in
        #expect(await bench.send().status == 200)
      }
    }
  }

  @Test func newConnectionsGoToTheNewAddresses() async throws {
    let bench = LoopBench(resolve: { _ in .failure(NameFailure(words: "nobody is asked")) })
    try await withServer(script: { _ in .answer(then: .close) }) { server in
      bench.driver.plan { turn in
        turn.destinations = [server.destination(host: "loja.test")]
        turn.requests = [LoopBench.request(1)]
      }
      bench.loop.names.entry(of: "loja.test").learn(["127.0.0.1"], at: .now)
      let thread = bench.run()
      #expect(await bench.driver.log.wait { $0.results.count == 1 }.finished.first?.result.status == 200)
      bench.driver.onTurn { [bench] _ in
        bench.driver.onTurn(nil)
        bench.loop.names.entry(of: "loja.test").learn(["127.0.0.9"], at: .now)
      }
      bench.driver.plan { $0.requests = [LoopBench.request(2)] }
      bench.wake()
      let second = await bench.driver.log.wait { $0.results.count == 2 }.finished.last?.result
      #expect(second?.failure?.kind == .connectionRefused)
      bench.stop()
      thread.join()
    }
  }

  @Test func anEndpointThatIsReplacedWhileRequestsWaitForItsNameEndsThemAll() async throws {
    let resolver = ScriptedResolver(["loja.test": .hang])
    try await withServer { server in
      await withTransport(server.destination(host: "loja.test"), resolve: resolver.resolve) { bench in
        let ids = bench.start(10)
        await resolver.asked.wait { $0 == ["loja.test"] }
        bench.configure([server.destination()])
        #expect(await bench.send().status == 200)
        resolver.release("loja.test", .addresses(["127.0.0.1"]))
        #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
      }
    }
  }

  @Test func stoppingWaitsForNoLookupAndALateAnswerHurtsNobody() async throws {
    let resolver = ScriptedResolver(["loja.test": .hang])
    weak var freed: ScriptedDriver?
    do {
      let bench = TransportBench(resolve: resolver.resolve)
      freed = bench.driver
      bench.configure([Destination(name: "test", url: Secret("http://loja.test/"))])
      bench.transport.start(driver: bench.driver)
      bench.start(5)
      await resolver.asked.wait { $0 == ["loja.test"] }
      bench.transport.stop()
      #expect(bench.driver.log.value.finished.isEmpty)
    }
    #expect(freed == nil)
    resolver.release("loja.test", .addresses(["127.0.0.1"]))
  }

  @Test func aNameThatTheSystemKnowsResolves() throws {
    let addresses = try SystemResolver.addresses(of: "localhost").get()
    #expect(addresses.contains("127.0.0.1") || addresses.contains("::1"))
    #expect(Set(addresses).count == addresses.count)
  }

  @Test func aNameThatResolvesLetsAllStart() async throws {
    let resolver = ScriptedResolver(["loja.test": .addresses(["127.0.0.1"])])
    try await withServer(script: { _ in .held }) { server in
      let destination = server.destination(host: "loja.test").with { $0.concurrency = 40 }
      await withTransport(destination, resolve: resolver.resolve) { bench in
        let ids = bench.start(40)
        await server.log.wait { $0.held == 40 }
        server.release()
        #expect(await bench.results(of: ids).allSatisfy { $0.status == 200 })
      }
    }
  }
}

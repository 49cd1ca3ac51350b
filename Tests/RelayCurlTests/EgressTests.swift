import RelayCore
import RelayThreads
import Testing

@testable import RelayCurl

/// What is not connected to, whatever a name server says.
@Suite(.timeLimit(.minutes(15))) struct EgressTests {
  private static func policy(deny: String..., allow: String...) -> EgressPolicy {
    var policy = EgressPolicy()
    policy.deny = deny.map { AddressBlock($0)! }
    policy.allow = allow.map { AddressBlock($0)! }
    return policy
  }

  @Test func aDeniedAddressIsNotConnectedToAndTheOthersAreServed() async throws {
    try await withServer { server in
      let denied = server.destination("denied").with { $0.network.egress = Self.policy(deny: "127.0.0.0/8") }
      await withTransport(denied, server.destination()) { bench in
        let results = await bench.results(of: bench.start(5, to: "denied"))
        for result in results {
          #expect(
            result.failure
              == TransportFailure(
                kind: .egress,
                message:
                  "127.0.0.1 is denied by egress.deny (127.0.0.0/8); where it is wanted, name it in egress.allow"
              ))
          #expect(result.peer == nil && result.blame == .connection)
        }
        #expect(server.log.value.accepted == 0)
        #expect(await bench.send().status == 200)
      }
    }
  }

  /// Its name was looked up, and is of an address that nobody would have written.
  @Test func aNameServersAnswerGetsNobodyAroundIt() async throws {
    let resolver = ScriptedResolver(["loja.test": .addresses(["127.0.0.1"])])
    try await withServer { server in
      let named = server.destination(host: "loja.test")
      await withTransport(
        named.with { $0.network.egress = Self.policy(deny: "127.0.0.1") }, resolve: resolver.resolve
      ) { bench in
        let failure = await bench.send().failure
        #expect(failure?.kind == .egress)
        #expect(
          failure?.message.hasPrefix("loja.test is at 127.0.0.1, and 127.0.0.1 is denied by egress.deny")
            ?? false)
        // A reload that allows it holds for the next attempt.
        bench.configure([
          named.with { $0.network.egress = Self.policy(deny: "127.0.0.0/8", allow: "127.0.0.1") }
        ])
        #expect(await bench.send().status == 200)
      }
    }
  }

  @Test func ofSeveralAddressesThoseThatAreNotDeniedAreTried() async throws {
    let resolver = ScriptedResolver(["loja.test": .addresses(["127.0.0.9", "127.0.0.1"])])
    try await withServer { server in
      let named = server.destination(host: "loja.test").with {
        $0.network.egress = Self.policy(deny: "127.0.0.9")
      }
      await withTransport(named, resolve: resolver.resolve) { bench in
        let result = await bench.send()
        #expect(result.status == 200 && result.peer?.description == "127.0.0.1:\(server.port)")
      }
    }
  }

  @Test(arguments: ["127.1", "2130706433", "0x7f000001", "017700000001", "[::ffff:127.0.0.1]", "0.0.0.0"])
  func anAddressIsDeniedInWhateverSpellingItComes(_ host: String) async throws {
    let denied = Destination(name: "test", url: Secret("http://\(host):9/")).with {
      $0.network.egress = Self.policy(deny: "127.0.0.0/8")
    }
    await withTransport(denied) { bench in
      #expect(await bench.send().failure?.kind == .egress)
    }
  }

  @Test func nothingGoesWhereTheRelayItselfListens() async throws {
    let own = OwnListeners()
    try await withServer { server in
      await withTransport(server.destination(), own: own) { bench in
        #expect(await bench.send().status == 200)
        own.set("server.admin", to: [ListenAddress(host: "127.0.0.1", port: server.port)])
        bench.configure([server.destination()])
        let failure = await bench.send().failure
        #expect(
          failure
            == TransportFailure(
              kind: .egress,
              message: "127.0.0.1:\(server.port) is where this relay itself listens (server.admin)"))
        // All addresses of this machine.
        own.set("server.admin", to: [ListenAddress(host: "0.0.0.0", port: server.port)])
        #expect(await bench.send().failure?.kind == .egress)
        own.set("server.admin", to: [])
        #expect(await bench.send().status == 200)
      }
    }
  }

  @Test func aTryIsJudgedLikeADelivery() async throws {
    try await withServer { server in
      let denied = server.destination().with { $0.network.egress = Self.policy(deny: "127.0.0.1") }
      let request = AttemptRequest(
        delivery: DeliveryID(rawValue: 0), destination: "test", headers: [], body: Array("{}".utf8))
      let sent = await onThread { CurlProber().send(request, to: denied) }
      let connected = await onThread { CurlProber().connect(to: denied, within: .seconds(60)) }
      #expect(sent.failure?.kind == .egress && connected.failure?.kind == .egress)
      #expect(sent.sentHeaders.isEmpty && server.log.value.accepted == 0)
      let own = OwnListeners()
      own.set("server.listen", to: [ListenAddress(host: "localhost", port: server.port)])
      let home = await onThread {
        CurlProber(own: own).connect(to: server.destination(), within: .seconds(60))
      }
      #expect(home.failure?.message.contains("(server.listen)") ?? false)
    }
  }

  @Test func aClientWithANetworkIsJudgedToo() async throws {
    try await withServer { server in
      var network = NetworkPolicy()
      network.egress = Self.policy(deny: "127.0.0.1")
      let url = "http://127.0.0.1:\(server.port)/"
      func get(_ network: NetworkPolicy?) async -> (status: Int?, failure: TransportFailure?) {
        await onThread {
          do throws(TransportFailure) {
            let answer = try BlockingClient().send(
              method: "GET", url: url, headers: [], body: nil, timeout: .seconds(60), network: network)
            return (answer.status, nil)
          } catch {
            return (nil, error)
          }
        }
      }
      #expect(await get(network).failure?.kind == .egress)
      #expect(server.log.value.accepted == 0)
      #expect(await get(NetworkPolicy()).status == 200)
      #expect(await get(nil).status == 200)
    }
  }
}

import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayCurl

/// Requests through a proxy.
@Suite(.timeLimit(.minutes(15))) struct ProxyTests {
  private func withProxy(refusal: String? = nil, _ body: (TestProxy) async throws -> Void) async throws {
    let proxy = try TestProxy(refusal: refusal)
    defer { proxy.stop() }
    try await body(proxy)
  }

  /// - Parameter credentials: `USER:PASSWORD@`, or nothing.
  private static func rule(_ proxy: TestProxy, credentials: String = "") -> ProxyRule {
    .through(ProxyAddress("http://\(credentials)127.0.0.1:\(proxy.port)")!)
  }

  @Test func aPlainRequestIsTheProxysToPassOnAndItsNameIsNotLookedUpHere() async throws {
    let resolver = ScriptedResolver([:])
    try await withProxy { proxy in
      try await withServer { server in
        let destination = server.destination(host: "crm.test").with {
          $0.network.proxy = Self.rule(proxy, credentials: "ana:s3cret@")
          $0.authorization = .bearer(Secret("hunter2"))
        }
        await withTransport(destination, resolve: resolver.resolve) { bench in
          for _ in 0..<3 { #expect(await bench.send().status == 200) }
          #expect(resolver.asked.value.isEmpty)
        }
        #expect(proxy.heads.count == 3)
        #expect(proxy.heads[0].hasPrefix("POST http://crm.test:\(server.port)/hook HTTP/1.1\r\n"))
        #expect(proxy.heads[0].contains("Proxy-Authorization: Basic YW5hOnMzY3JldA=="))
        let requests = server.log.value.requests
        #expect(
          requests.count == 3 && requests.allSatisfy { $0.values(of: "authorization") == ["Bearer hunter2"] })
        #expect(server.log.value.accepted == 1, "the connection is kept")
      }
    }
  }

  /// What is for the server only, the proxy does not see; and what it answers is no answer of the server's.
  @Test func overTLSItMakesATunnelAndSeesNothing() async throws {
    let certificates = try Certificates.shared.get()
    try await withProxy { proxy in
      try await withServer(tls: try certificates.server()) { server in
        let destination = server.destination().with {
          $0.network.proxy = Self.rule(proxy, credentials: "ana:s3cret@")
          $0.authorization = .bearer(Secret("hunter2"))
          $0.headers = [.init(name: "x-team", value: Secret("crm"))]
          $0.tls = Destination.TLS(authorityFile: certificates.authorityFile)
        }
        await withTransport(destination) { bench in
          for _ in 0..<3 { #expect(await bench.send(headers: ["webhook-id: evt_1"]).status == 200) }
        }
        #expect(proxy.heads.count == 1)
        let head = proxy.heads.first ?? ""
        #expect(
          head.hasPrefix("CONNECT 127.0.0.1:\(server.port) HTTP/1.1\r\n")
            && head.contains("Proxy-Authorization: Basic "))
        #expect(
          !head.contains("hunter2") && !head.lowercased().contains("x-team") && !head.contains("webhook-id"))
        let requests = server.log.value.requests
        #expect(requests.count == 3 && requests.allSatisfy { $0.values(of: "proxy-authorization").isEmpty })
      }
    }
  }

  @Test func aTunnelThatIsRefusedIsAFailureThatSaysSo() async throws {
    try await withProxy(refusal: "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic") { proxy in
      let destination = Destination(name: "test", url: Secret("https://crm.test/")).with {
        $0.network.proxy = Self.rule(proxy)
      }
      await withTransport(destination) { bench in
        let result = await bench.send()
        #expect(result.failure?.kind == .connection && result.status == nil)
        #expect(result.failure?.message.contains("the proxy refuses the tunnel with 407") ?? false)
        #expect(result.blame == .connection)
      }
    }
  }

  @Test func aProxyThatIsNotThereIsNamed() async throws {
    let closed = LoopbackPort.refusing()
    let destination = Destination(name: "test", url: Secret("https://crm.test/")).with {
      $0.network.proxy = .through(ProxyAddress("http://127.0.0.1:\(closed.number)")!)
    }
    await withTransport(destination) { bench in
      let failure = await bench.send().failure
      #expect(failure?.kind == .connectionRefused)
      #expect(failure?.message.contains("127.0.0.1 port \(closed.number)") ?? false)
    }
  }

  @Test func theProxysNameIsLookedUpAsADestinationsIs() async throws {
    let resolver = ScriptedResolver(["proxy.test": .addresses(["127.0.0.1"])])
    try await withProxy { proxy in
      try await withServer { server in
        let destination = server.destination(host: "crm.test").with {
          $0.network.proxy = .through(ProxyAddress("http://proxy.test:\(proxy.port)")!)
        }
        await withTransport(destination, resolve: resolver.resolve) { bench in
          for _ in 0..<3 { #expect(await bench.send().status == 200) }
          #expect(resolver.asked.value == ["proxy.test"])
        }
      }
    }
  }

  /// Where a proxy leads can't be seen; whom it is asked for can.
  @Test func aDeniedAddressIsNotAskedOfAProxy() async throws {
    try await withProxy { proxy in
      for url in ["http://169.254.169.254/", "https://[fe80::1]/", "http://metadata.google.internal/"] {
        let destination = Destination(name: "test", url: Secret(url)).with {
          $0.network.proxy = Self.rule(proxy)
        }
        await withTransport(destination) { bench in
          #expect(await bench.send().failure?.kind == .egress)
        }
        let tried = await onThread { CurlProber().connect(to: destination, within: .seconds(60)) }
        #expect(tried.failure?.kind == .egress)
      }
      #expect(proxy.heads.isEmpty)
      let own = OwnListeners()
      own.set("server.admin", to: [ListenAddress(host: "localhost", port: 8_081)])
      let home = Destination(name: "test", url: Secret("http://localhost:8081/")).with {
        $0.network.proxy = Self.rule(proxy)
      }
      await withTransport(home, own: own) { bench in
        #expect(await bench.send().failure?.message.contains("(server.admin)") ?? false)
      }
      #expect(proxy.heads.isEmpty)
    }
  }

  @Test func aProxyAtADeniedAddressIsNotConnectedTo() async throws {
    try await withProxy { proxy in
      let destination = Destination(name: "test", url: Secret("http://crm.test/")).with {
        $0.network.proxy = Self.rule(proxy)
        $0.network.egress.deny = [AddressBlock("127.0.0.1")!]
      }
      await withTransport(destination) { bench in
        #expect(await bench.send().failure?.kind == .egress)
      }
      #expect(proxy.heads.isEmpty)
    }
  }

  /// Of what was sent nothing may be missing, and no credential of the proxy's is shown.
  @Test func whatIsToldAsSentIsWhatTheProxyGot() async throws {
    try await withProxy { proxy in
      try await withServer(script: { _ in .answer(500) }) { server in
        let destination = server.destination(host: "crm.test").with {
          $0.network.proxy = Self.rule(proxy, credentials: "ana:s3cret@")
        }
        await withTransport(destination) { bench in
          let evidence = await bench.send(headers: ["content-type: application/json", "webhook-id: evt_1"])
            .evidence
          let told = String(decoding: evidence?.requestHeaders ?? [], as: UTF8.self)
          let names = told.split(separator: "\n").map { $0.prefix { $0 != ":" } }
          let got = (proxy.heads.first ?? "").split(separator: "\r\n").dropFirst().map {
            $0.prefix { $0 != ":" }
          }
          #expect(names == got)
          #expect(told.contains("Proxy-Authorization: Basic [secret]"))
        }
        let request = AttemptRequest(
          delivery: DeliveryID(rawValue: 0), destination: "test", headers: [], body: Array("{}".utf8))
        #expect(await onThread { CurlProber().send(request, to: destination) }.answer?.status == 500)
      }
    }
  }

  @Test func aClientWithANetworkGoesThroughItsProxy() async throws {
    try await withProxy { proxy in
      try await withServer { server in
        var network = NetworkPolicy()
        network.proxy = Self.rule(proxy)
        let answer = await onThread { [network] in
          try? BlockingClient().send(
            method: "GET", url: "http://chat.test:\(server.port)/x", headers: [], body: nil,
            timeout: .seconds(60),
            network: network)
        }
        #expect(
          answer?.status == 200
            && proxy.heads.first?.hasPrefix("GET http://chat.test:\(server.port)/x ") ?? false)
      }
    }
  }
}

import Glibc
import RelayCore
import Testing

@Suite(.timeLimit(.minutes(15))) struct RequestTests {
  private func served(
    headers: HeaderLines = [], body: [UInt8] = [0x7B], _ change: (inout Destination) -> Void = { _ in }
  ) async throws -> ServedRequest {
    var served: ServedRequest?
    try await withServer { server in
      try await withTransport(server.destination().with(change)) { bench in
        #expect(await bench.send(headers: headers, body: body).status == 200)
        #expect(server.log.value.requests.count == 1)
        let first: ServedRequest = try #require(server.log.value.requests.first)
        served = first
      }
    }
    return served!
  }

  @Test func aBodyArrivesByteForByteWithItsLength() async throws {
    for body: [UInt8] in [[0], [0x7B, 0, 0, 0xFF, 0, 0x7D], Array("{\"a\":\"é\"}".utf8)] {
      let request = try await served(body: body)
      #expect(request.requestLine == "POST /hook HTTP/1.1")
      #expect(request.body == body)
      #expect(request.values(of: "content-length") == ["\(body.count)"])
    }
  }

  @Test func aBodyOfFiveMegabytesArrivesAtOnceAndWhole() async throws {
    let body = (0..<5 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let request = try await served(body: body)
    // An expectation would print both.
    #expect((request.body == body) as Bool)
    #expect(request.values(of: "content-length") == ["\(5 << 20)"])
    #expect(request.values(of: "expect").isEmpty)
    #expect(request.values(of: "transfer-encoding").isEmpty)
  }

  @Test func theCallersHeadersArriveAsGiven() async throws {
    let request = try await served(headers: [
      "content-type: application/json", "user-agent: huggy-relay/9", "webhook-id: evt_1", "huggy-channel: ",
      "huggy-company:", "huggy-event: a;b: c",
    ])
    #expect(request.values(of: "content-type") == ["application/json"])
    #expect(request.values(of: "user-agent") == ["huggy-relay/9"])
    #expect(request.values(of: "webhook-id") == ["evt_1"])
    #expect(request.values(of: "huggy-channel") == [""])
    #expect(request.values(of: "huggy-company") == [""])
    #expect(request.values(of: "huggy-event") == ["a;b: c"])
    #expect(request.values(of: "authorization").isEmpty)
  }

  @Test func theEndpointsOwnHeadersAndBearerTokenAreAdded() async throws {
    let request = try await served(headers: ["webhook-id: evt_1"]) {
      $0.headers = [
        .init(name: "X-Team", value: Secret("crm")), .init(name: "X-Empty", value: Secret("")),
      ]
      $0.authorization = .bearer(Secret("s3cret"))
    }
    #expect(request.values(of: "x-team") == ["crm"])
    #expect(request.values(of: "x-empty") == [""])
    #expect(request.values(of: "authorization") == ["Bearer s3cret"])
    #expect(request.values(of: "webhook-id") == ["evt_1"])
  }

  @Test func basicCredentialsAreSentUnasked() async throws {
    let request = try await served {
      $0.authorization = .basic(username: "user", password: Secret("p:a ss"))
    }
    #expect(request.values(of: "authorization") == ["Basic dXNlcjpwOmEgc3M="])
  }

  @Test func aSmallerBodyAfterALargerOneIsSentAlone() async throws {
    try await withServer { server in
      await withTransport(server.destination().with { $0.concurrency = 1 }) { bench in
        for size in [400_000, 10, 3_000, 1] {
          #expect(await bench.send(body: [UInt8](repeating: 7, count: size)).status == 200)
        }
        #expect(server.log.value.requests.map(\.body.count) == [400_000, 10, 3_000, 1])
      }
    }
  }

  @Test func theEnvironmentsProxyIsIgnored() async throws {
    // In a process of its own: the environment is everybody's.
    await #expect(processExitsWith: .success) {
      for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        setenv(name, "http://127.0.0.1:1", 1)
      }
      try await withServer { server in
        await withTransport(server.destination()) { bench in
          #expect(await bench.send().status == 200)
        }
      }
    }
  }

  @Test func anAttemptSaysWhenItBeganAndHowLongItTook() async throws {
    try await withServer(script: { _ in .held }) { server in
      await withTransport(server.destination()) { bench in
        let (clock, before) = (MachineClock(), ContinuousClock.now)
        let begun = clock.now()
        let ids = bench.start()
        await server.log.wait { $0.held == 1 }
        server.release()
        let result = await bench.results(of: ids)[0]
        #expect(result.startedAt >= begun && result.startedAt <= clock.now())
        #expect(result.duration > .zero && result.duration <= before.duration(to: .now))
      }
    }
  }
}

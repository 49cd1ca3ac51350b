import Logging
import NIOCore
import NIOPosix
import RelayCore
import RelayListening
import RelayPipeline
import RelayThreads
import Testing

@testable import RelayAdmin

/// The listener itself: checks, limits, starting and stopping.
@Suite(.timeLimit(.minutes(15))) struct ListenerTests {
  static let all = [
    ("GET", "/metrics"), ("GET", "/api/v1/status"), ("GET", "/api/v1/events/x"), ("GET", "/api/v1/events"),
    ("POST", "/api/v1/events/replay"), ("GET", "/api/v1/replays"), ("GET", "/api/v1/replays/1"),
    ("POST", "/api/v1/replays/1/cancel"), ("GET", "/api/v1/deliveries"),
    ("GET", "/api/v1/rejections"), ("POST", "/api/v1/deliveries/retry"),
    ("POST", "/api/v1/deliveries/discard"),
    ("POST", "/api/v1/destinations/crm/pause"), ("POST", "/api/v1/destinations/crm/resume"),
    ("POST", "/api/v1/notify/ops/test"),
    ("POST", "/api/v1/destinations/crm/test"), ("POST", "/api/v1/sources/huggy/publish"),
    ("POST", "/api/v1/sources/huggy/token"),
    ("POST", "/api/v1/reload"), ("GET", "/api/v1/gaps"), ("GET", "/api/v1/nodes"), ("GET", "/nowhere"),
  ]

  @Test(arguments: all) func withoutTheTokenNothingIsToldOrDone(method: String, path: String) async throws {
    let operations = FakeOperations()
    try await withServer(operations, token: "s3cret") { server in
      for headers in [[], ["Authorization: Bearer s3cre"], ["Authorization: Basic s3cret"]] {
        let answer = try await server.send(
          method, path, headers: headers + ["Content-Type: application/json", "Content-Length: 2"], body: "{}"
        )
        #expect(answer.status == 401)
        #expect(answer.header("www-authenticate") == "Bearer realm=\"huggy-relay\"")
        #expect(answer.body.contains("\"code\":\"unauthorized\""))
        #expect(!answer.text.contains("s3cret"))
      }
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func withTheTokenAllIsOpen() async throws {
    try await withServer(token: "s3cret") { server in
      let answer = try await server.get("/api/v1/status", headers: ["Authorization: bearer s3cret"])
      #expect(answer.status == 200)
    }
  }

  @Test func probesNeedNoToken() async throws {
    try await withServer(token: "s3cret") { server in
      let (health, ready) = (try await server.get("/healthz"), try await server.get("/readyz"))
      #expect((health.status, ready.status) == (200, 200))
    }
  }

  @Test func everyAnswerForbidsSniffingAndStoring() async throws {
    try await withServer { server in
      for answer in [try await server.get("/api/v1/status"), try await server.get("/nowhere")] {
        #expect(answer.header("x-content-type-options") == "nosniff")
        #expect(answer.header("cache-control") == "no-store")
        #expect(answer.header("content-type") == "application/json")
      }
    }
  }

  @Test func aForeignNameForLoopbackIsRefused() async throws {
    try await withServer { server in
      let answer = try await server.get(
        "/api/v1/status", headers: ["Host: evil.example:\(server.address.port)"])
      #expect(answer.status == 403)
      #expect(answer.body.contains("\"code\":\"forbidden_host\""))
      #expect(answer.body.contains("evil.example"))
      for host in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"] {
        let answer = try await server.get("/healthz", headers: ["Host: \(host):\(server.address.port)"])
        #expect(answer.status == 200, "\(host)")
      }
      let twice = try await server.get(
        "/api/v1/status", headers: ["Host: \(server.address)", "Host: evil.example"])
      #expect(twice.status != 200)
    }
  }

  @Test func aListenerForOthersTakesAddressesAndTheNamesThatItIsGiven() async throws {
    try await withServer(token: "s3cret", host: "0.0.0.0", hosts: ["relay.example"]) { server in
      for (host, status) in [("relay.example", 200), ("192.0.2.1:80", 200), ("other.example", 403)] {
        let answer = try await RawClient.exchange(
          "GET /healthz HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n",
          with: ListenAddress(host: "127.0.0.1", port: server.address.port))
        #expect(answer.status == status, "\(host)")
      }
    }
  }

  /// As through `ssh -L 9999:localhost:8081` or `kubectl port-forward`.
  @Test func throughATunnelThePortIsAnother() async throws {
    try await withServer { server in
      for path in ["/healthz", "/readyz", "/metrics", "/api/v1/status"] {
        let answer = try await server.get(path, headers: ["Host: localhost:9999"])
        #expect(answer.status == 200, "\(path)")
      }
      let change = try await server.post(
        "/api/v1/reload",
        headers: ["Host: localhost:9999", "Origin: http://localhost:9999", "Content-Type: application/json"])
      #expect(change.status == 200)
      let across = try await server.post(
        "/api/v1/reload",
        headers: ["Host: localhost:9999", "Origin: http://localhost:3000", "Content-Type: application/json"])
      #expect(across.status == 403)
    }
  }

  @Test(arguments: ["/healthz", "/readyz", "/metrics"]) func probesAndMetricsTakeAnyQuery(path: String)
    async throws
  {
    try await withServer { server in
      for query in ["?", "?t=1", "?a=b&a=c&%zz", "?format=prometheus"] {
        let answer = try await server.get(path + query)
        #expect(answer.status == 200, "\(query)")
      }
      let elsewhere = try await server.get("/api/v1/status?t=1")
      #expect(elsewhere.status == 400, "there it may be a misspelt filter")
    }
  }

  @Test func localhostListensOnBothItsAddresses() async throws {
    try await withServer(host: "localhost") { server in
      #expect(server.address.host == "localhost")
      let hasIPv6 = try System.enumerateDevices().contains { $0.address?.ipAddress == "::1" }
      for host in ["127.0.0.1"] + (hasIPv6 ? ["::1"] : []) {
        let answer = try await RawClient.exchange(
          "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
          with: ListenAddress(host: host, port: server.address.port))
        #expect(answer.status == 200, "\(host)")
      }
      await server.server.shutdown(within: .seconds(5))
      await #expect(throws: (any Error).self) {
        try await RawClient.exchange("GET /healthz HTTP/1.1\r\n\r\n", with: server.address)
      }
    }
  }

  @Test func aPageOfAnotherOriginIsRefused() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      for origin in ["http://evil.example", "null", "http://localhost:1"] {
        let answer = try await server.post(
          "/api/v1/reload", headers: ["Content-Type: application/json", "Origin: \(origin)"])
        #expect(answer.status == 403, "\(origin)")
        #expect(answer.body.contains("\"code\":\"forbidden_origin\""))
      }
      #expect(operations.calls.isEmpty)
      let own = try await server.post(
        "/api/v1/reload", headers: ["Content-Type: application/json", "Origin: http://\(server.address)"])
      #expect(own.status == 200)
    }
  }

  @Test(arguments: [
    [], ["Content-Type: text/plain"], ["Content-Type: application/x-www-form-urlencoded"],
    ["Content-Type: application/jsonp"],
  ])
  func aChangeNeedsAJSONContentType(headers: [String]) async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post("/api/v1/reload", "", headers: headers)
      #expect(answer.status == 415)
      #expect(answer.body.contains("\"code\":\"unsupported_media_type\""))
      let right = try await server.post(
        "/api/v1/reload", headers: ["Content-Type: Application/JSON; charset=utf-8"])
      #expect(right.status == 200)
    }
    #expect(operations.calls == [.reload])
  }

  @Test(arguments: [
    ("POST", "/healthz", "GET, HEAD"), ("DELETE", "/api/v1/status", "GET, HEAD"),
    ("GET", "/api/v1/deliveries/retry", "POST"), ("PUT", "/api/v1/destinations/crm/pause", "POST"),
    ("OPTIONS", "/api/v1/reload", "POST"),
  ])
  func aWrongMethodIsToldTheRightOnes(method: String, path: String, allow: String) async throws {
    try await withServer { server in
      let answer = try await server.send(method, path)
      #expect(answer.status == 405)
      #expect(answer.header("allow") == allow)
      #expect(answer.body.contains("\"code\":\"method_not_allowed\""))
    }
  }

  @Test(arguments: [
    "/api", "/api/v1", "/api/v1/", "/api/v1/status/", "/api/v2/status", "//healthz", "*",
  ])
  func elsewhereIsNothing(path: String) async throws {
    try await withServer { server in
      let answer = try await server.get(path)
      #expect(answer.status == 404)
      #expect(answer.body.hasPrefix(#"{"error":{"code":"not_found","message":""#))
    }
  }

  @Test(arguments: ["/huggy", "/", "/healthz/huggy"])
  func whoPostsAnEnvelopeIsToldWhereEnvelopesGo(path: String) async throws {
    try await withServer(token: "secret") { server in
      let answer = try await server.post(path, #"{"messages":{}}"#)
      // The dashboard's own place is there, and takes no posts.
      #expect(answer.status == (path == "/" ? 405 : 404))
      #expect(answer.body.contains("post them to server.listen"), "\(answer.body)")
    }
  }

  @Test func aLargeBodyIsRefusedBeforeItIsSent() async throws {
    try await withServer { server in
      let answer = try await server.send(
        "POST", "/api/v1/deliveries/retry",
        headers: ["Content-Type: application/json", "Content-Length: 1048577"])
      #expect(answer.status == 413)
      #expect(answer.header("connection") == "close")
      #expect(answer.body.contains("larger than 1048576 bytes"))
    }
  }

  @Test func anEndlessBodyIsCutOff() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let chunk = "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n"
      let answer = try await server.send(
        "POST", "/api/v1/deliveries/retry",
        headers: ["Content-Type: application/json", "Transfer-Encoding: chunked"],
        body: String(repeating: chunk, count: 40))
      #expect(answer.status == 413)
    }
    #expect(operations.calls.isEmpty)
  }

  /// A body that broke off must not be acted upon.
  @Test func aRequestThatIsWithheldTimesOutAndDoesNothing() async throws {
    let operations = FakeOperations()
    try await withServer(operations, requestTimeout: .milliseconds(50)) { server in
      let answer = try await server.send(
        "POST", "/api/v1/deliveries/discard",
        headers: ["Content-Type: application/json", "Transfer-Encoding: chunked"], body: "2\r\n{}\r\n")
      #expect(answer.status == 408)
      #expect(answer.body.contains("\"code\":\"timeout\""))
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func aSilentConnectionIsClosed() async throws {
    try await withServer(idleTimeout: .milliseconds(50)) { server in
      let answer = try await RawClient.exchange("", with: server.address)
      #expect(answer.text == "")
    }
  }

  @Test func aClientThatWaitsToBeInvitedIsInvited() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let answer = try await server.post(
        "/api/v1/reload", headers: ["Content-Type: application/json", "Expect: 100-continue"])
      #expect(answer.statuses == [100, 200])
    }
  }

  @Test func requestsInOneConnectionAreAnsweredInTheirOrder() async throws {
    try await withServer { server in
      let host = "Host: \(server.address)\r\n"
      let answer = try await RawClient.exchange(
        ["/healthz", "/api/v1/status", "/x"].map { "GET \($0) HTTP/1.1\r\n\(host)\r\n" }.joined(),
        with: server.address)
      #expect(answer.statuses == [200, 200, 404])
    }
  }

  @Test func whatIsNotHTTPIsRefused() async throws {
    try await withServer { server in
      let answer = try await RawClient.exchange("hello\r\n\r\n", with: server.address)
      #expect(answer.status == 400)
    }
  }

  // MARK: Starting and stopping

  @Test func anAddressInUseIsAClearError() async throws {
    try await withServer { server in
      let second = AdminServer(
        address: server.address, access: AdminAccess(), operations: FakeOperations(), clock: FixedClock(),
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
      let error = await #expect(throws: ListenError.self) { _ = try await second.start() }
      #expect(error?.code == .addressInUse)
      #expect(error?.description.hasPrefix("server.admin \(server.address): the address is in use") == true)
      await second.shutdown(within: .seconds(1))
    }
  }

  @Test func afterAShutdownNobodyIsAnswered() async throws {
    try await withServer { server in
      await server.server.shutdown(within: .seconds(5))
      await #expect(throws: (any Error).self) { _ = try await server.get("/healthz") }
      await #expect(throws: ListenError.self) { _ = try await server.server.start() }
    }
  }

  /// One that waits for its operation is answered; the others are not waited for.
  @Test func aShutdownLetsARequestInFlightFinish() async throws {
    let operations = SlowOperations()
    let server = AdminServer(
      address: ListenAddress(host: "127.0.0.1", port: 0), access: AdminAccess(), operations: operations,
      clock: FixedClock(),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
    let live = LiveServer(address: try await server.start(), server: server)
    async let answer = live.get("/api/v1/status")
    await operations.isAsked.wait()
    async let shutdown: Void = server.shutdown(within: .seconds(30))
    operations.mayAnswer.open()
    #expect(try await answer.status == 200)
    await shutdown
  }

  @Test func aShutdownIsBounded() async throws {
    let operations = SlowOperations()
    let server = AdminServer(
      address: ListenAddress(host: "127.0.0.1", port: 0), access: AdminAccess(), operations: operations,
      clock: FixedClock(),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
    let live = LiveServer(address: try await server.start(), server: server)
    let answer = Task { try await live.get("/api/v1/status") }
    await operations.isAsked.wait()
    await server.shutdown(within: .milliseconds(50))
    operations.mayAnswer.open()
    _ = await answer.result
  }
}

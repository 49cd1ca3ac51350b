import Glibc
import RelayCore
import Testing

@Suite(.timeLimit(.minutes(15))) struct StatusTests {
  @Test(arguments: [200, 202, 204, 301, 302, 308, 400, 401, 404, 410, 422, 429, 500, 503, 599])
  func theStatusIsTheServers(_ status: Int) async throws {
    let body = status == 204 ? "" : "why"
    try await withServer(script: { _ in .answer(status, body: body) }) { server in
      await withTransport(server.destination()) { bench in
        let result = await bench.send()
        #expect(result.response == .status(status, body: Array(body.utf8), retryAfter: nil))
        #expect(result.isSuccess == (status < 300))
      }
    }
  }

  @Test func aRedirectIsNotFollowed() async throws {
    let script: TestServer.Script = { _ in .answer(301, headers: "location: /elsewhere\r\n") }
    try await withServer(script: script) { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().status == 301)
        #expect(server.log.value.requests.count == 1)
      }
    }
  }

  @Test func credentialsThatWereRefusedAreNotOfferedAgain() async throws {
    let script: TestServer.Script = { _ in .answer(401, headers: "www-authenticate: Basic realm=x\r\n") }
    try await withServer(script: script) { server in
      let destination = server.destination().with {
        $0.authorization = .basic(username: "user", password: Secret("old"))
      }
      await withTransport(destination) { bench in
        #expect(await bench.send().status == 401)
        #expect(server.log.value.requests.count == 1)
      }
    }
  }

  @Test(arguments: [429, 503]) func retryAfterMayBeSeconds(_ status: Int) async throws {
    try await withServer(script: { _ in .answer(status, headers: "Retry-After: 120\r\n") }) { server in
      await withTransport(server.destination()) { bench in
        let result = await bench.send()
        #expect(result.status == status)
        #expect(result.retryAfter == .seconds(120))
      }
    }
  }

  @Test func retryAfterMayBeADate() async throws {
    let date = httpDate(secondsFromNow: 1_000)
    try await withServer(script: { _ in .answer(503, headers: "Retry-After: \(date)\r\n") }) { server in
      try await withTransport(server.destination()) { bench in
        let retryAfter = try #require(await bench.send().retryAfter)
        #expect(retryAfter > .seconds(900) && retryAfter <= .seconds(1_000))
      }
    }
  }

  @Test(arguments: ["0", "-5", "30s", "soon", "", "Thu, 01 Jan 2015 00:00:00 GMT"])
  func aRetryAfterThatIsOverOrMeansNothingIsNone(_ value: String) async throws {
    try await withServer(script: { _ in .answer(503, headers: "Retry-After: \(value)\r\n") }) { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().response == .status(503, body: [], retryAfter: nil))
      }
    }
  }

  @Test(arguments: [
    "HTTP/1.1 103 Early Hints\r\nretry-after: 60\r\n\r\nHTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n0\r\nretry-after: 60\r\n\r\n",
    "HTTP/1.1 503 No\r\nretry-after: 60\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 503 No\r\nretry-after: 60\r\n 90\r\ncontent-length: 0\r\n\r\n",
  ])
  func onlyTheFinalHeadersOneRetryAfterCounts(_ answer: String) async throws {
    try await withServer(script: { _ in .send(answer) }) { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().response == .status(503, body: [], retryAfter: nil))
      }
    }
  }

  @Test func nothingIsLeftOfTheAnswerBefore() async throws {
    let script: TestServer.Script = { request in
      request.number == 0 ? .answer(503, headers: "Retry-After: 9\r\n", body: "first") : .answer(200)
    }
    try await withServer(script: script) { server in
      await withTransport(server.destination()) { bench in
        #expect(await bench.send().retryAfter == .seconds(9))
        #expect(await bench.send().response == .status(200, body: [], retryAfter: nil))
      }
    }
  }

  private func httpDate(secondsFromNow: Int) -> String {
    var moment = time(nil) + secondsFromNow
    var parts = tm()
    gmtime_r(&moment, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

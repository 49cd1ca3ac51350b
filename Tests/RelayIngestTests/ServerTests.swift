import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

/// Over real sockets.
@Suite(.timeLimit(.minutes(15))) struct ServerTests {
  @Test func aWrongMethodIsToldTheRightOnes() async throws {
    try await withServer(StreamReceiver()) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.head("DELETE", "/huggy"))
      let response = try #require(await client.response())
      #expect(response.statuses == [405])
      #expect(response.contains("allow: POST, PUT\r\n"))
    }
  }

  @Test func anEndlessSenderIsCutOffAfterItsRefusal() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 1099511627776"]))
      let sent = await client.sendEndlessly()
      #expect(
        (32 << 20..<96 << 20).contains(sent), "what the listener reads and the kernel buffers, and no more")
      #expect(try await receiver.nextRefusal().reason.status == 413)
    }
  }

  /// As Python's http.client, wget and others do.
  @Test(arguments: [("/huggy", 6 << 20, 413), ("/nowhere", 12 << 20, 404)])
  func aSenderThatWritesAllBeforeItReadsSeesItsRefusal(path: String, bytes: Int, status: Int) async throws {
    try await withServer(StreamReceiver()) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.head("POST", path, headers: ["Content-Length: \(bytes)"]))
      for _ in 0..<bytes >> 20 { try await client.send(String(repeating: "x", count: 1 << 20)) }
      try await client.closeOutput()
      #expect(await client.rest().statuses == [status])
    }
  }

  @Test func aSenderThatIsOverTheBudgetWritesToTheEndAndSeesIt() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, { $0.maxInflightBytes = 8 << 20 }) { _, address in
      let body = String(repeating: "x", count: 4_900_000)
      let first = try await RawClient.connect(to: address)
      try await first.send(Requests.post(body))
      let received = try await receiver.next()
      let second = try await RawClient.connect(to: address)
      try await second.send(Requests.post(body))
      try await second.closeOutput()
      #expect(await second.rest().statuses == [503])
      received.complete()
      #expect(await first.response()?.statuses == [200])
    }
  }

  /// Its clients may try either address first.
  @Test func localhostListensOnBothItsAddresses() async throws {
    try await withServer(
      StreamReceiver(answersAtOnce: true), { $0.listen = ListenAddress(host: "localhost", port: 0) }
    ) { server, address in
      #expect(address.host == "localhost")
      for host in Loopback.addresses {
        let client = try await RawClient.connect(to: ListenAddress(host: host, port: address.port))
        try await client.send(Requests.post())
        #expect(await client.response()?.statuses == [200], "\(host)")
      }
      var settings = ServerSettings()
      settings.listen = ListenAddress(host: "127.0.0.1", port: 0)
      let moved = try #require(try await server.apply(settings))
      #expect(moved.port != address.port)
      for host in Loopback.addresses {
        await #expect(throws: (any Error).self) {
          try await RawClient.connect(to: ListenAddress(host: host, port: address.port))
        }
      }
    }
  }

  @Test func aSenderInChunksSeesWhyItWasCutOff() async throws {
    try await withServer(StreamReceiver(), { $0.maxBodyBytes = 1000 }) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked"]))
      for _ in 0..<11 { try await client.send(Requests.chunk(String(repeating: "x", count: 100))) }
      #expect(await client.rest().statuses == [413])
    }
  }

  @Test func aSenderThatWithholdsItsBodyTimesOut() async throws {
    try await withServer(StreamReceiver(), { $0.requestTimeout = .milliseconds(50) }) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 5"]) + "1234")
      #expect(await client.rest().statuses == [408])
    }
  }

  @Test func aSenderThatWithholdsItsHeadersTimesOut() async throws {
    try await withServer(StreamReceiver(), { $0.requestTimeout = .milliseconds(50) }) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send("POST /huggy HT")
      #expect(await client.rest().statuses == [408])
    }
  }

  @Test func aSilentClientIsClosedWithoutAWord() async throws {
    try await withServer(StreamReceiver(), { $0.idleTimeout = .milliseconds(50) }) { _, address in
      let client = try await RawClient.connect(to: address)
      #expect(await client.rest() == "")
    }
  }

  @Test func aClientThatWaitsIsToldToContinue() async throws {
    try await withServer(StreamReceiver(answersAtOnce: true)) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(
        Requests.head("POST", "/huggy", headers: ["Content-Length: 2", "Expect: 100-continue"]))
      #expect(await client.response() == "HTTP/1.1 100 Continue\r\n\r\n")
      try await client.send("{}")
      #expect(await client.response()?.statuses == [200])
    }
  }

  @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send((1...20).map { Requests.post("<\($0)>") }.joined())
      for number in 1...20 {
        let received = try await receiver.next()
        #expect(received.text == "<\(number)>")
        received.complete()
        #expect(await client.response()?.hasSuffix("<\(number)>") == true)
      }
    }
  }

  @Test func aReceiverThatAnswersOutOfOrderAnswersTheRightClients() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver) { _, address in
      let clients = [
        try await RawClient.connect(to: address), try await RawClient.connect(to: address),
        try await RawClient.connect(to: address),
      ]
      var received: [StreamReceiver.Received] = []
      for (number, client) in clients.enumerated() {
        try await client.send(Requests.post("<\(number)>"))
        received.append(try await receiver.next())
      }
      for request in received.reversed() { request.complete() }
      for (number, client) in clients.enumerated() {
        #expect(await client.response()?.hasSuffix("<\(number)>") == true)
      }
    }
  }

  @Test func aHalfClosedClientGetsItsAnswer() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.post())
      try await client.closeOutput()
      try await receiver.next().complete()
      #expect(await client.rest().statuses == [200])
    }
  }

  @Test func aClientThatEndsMidRequestIsClosed() async throws {
    try await withServer(StreamReceiver()) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 5"]) + "1234")
      try await client.closeOutput()
      #expect(await client.rest() == "")
    }
  }

  @Test func aClientThatLeavesWhileTheReceiverWorksIsForgotten() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.post())
      let received = try await receiver.next()
      try await client.close()
      received.complete()
      let other = try await RawClient.connect(to: address)
      try await other.send(Requests.head("GET", "/healthz"))
      #expect(await other.response()?.statuses == [200])
    }
  }

  @Test func aLargeBodyArrivesWhole() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver) { _, address in
      let body = String(repeating: "0123456789abcdef", count: 5 << 16)
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.post(body))
      let received = try await receiver.next()
      #expect(received.text == body)
      received.complete(IngestReply(status: 200, body: []))
      #expect(await client.response()?.statuses == [200])
    }
  }
}

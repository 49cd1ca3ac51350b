import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

/// Over real sockets.
@Suite(.timeLimit(.minutes(1))) struct ServerTests {
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
      #expect(sent < 64 << 20, "what the listener reads and the kernel buffers, and no more")
      #expect(try await receiver.nextRefusal() == 413)
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

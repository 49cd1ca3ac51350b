import RelayCore
import Testing

@Suite(.timeLimit(.minutes(1))) struct AnswerTests {
  private func result(
    of reaction: Reaction, _ change: (inout Destination) -> Void = { _ in }
  ) async throws -> AttemptResult {
    var result: AttemptResult?
    try await withServer(script: { _ in reaction }) { server in
      await withTransport(server.destination().with(change)) { bench in result = await bench.send() }
    }
    return result!
  }

  @Test func theFirstKibibyteIsKeptAndNoMore() async throws {
    let text = String((0..<5_000).map { Character(UnicodeScalar(UInt8(33 + $0 % 90))) })
    let result = try await result(of: .answer(400, body: text))
    #expect(result.status == 400)
    #expect(result.answer == Array(text.utf8.prefix(1_024)))
  }

  @Test func anAnswerBeyondTheBoundIsCutAndStillDelivered() async throws {
    let result = try await result(of: .answer(200, body: String(repeating: "y", count: 1 << 20)))
    #expect(result.status == 200)
    #expect(result.answer == Array(repeating: UInt8(ascii: "y"), count: 1_024))
  }

  @Test(arguments: [Reaction.End.close, .reset])
  func aStatusWhoseBodyNeverCameCounts(_ end: Reaction.End) async throws {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"
    let result = try await result(of: .send(head, then: end))
    #expect(result.status == 200)
  }

  @Test func aStatusWhoseBodyStallsUntilTheTimeoutCounts() async throws {
    let result = try await result(of: .send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")) {
      $0.timeout = .seconds(3)
    }
    #expect(result.response == .status(200, body: Array("abc".utf8), retryAfter: nil))
    #expect(result.duration >= .seconds(3))
  }

  @Test func aChunkedAnswerAndOneWithoutALengthAreReadToTheirEnds() async throws {
    let chunked = try await result(
      of: .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
    #expect(chunked.response == .status(200, body: Array("abcde".utf8), retryAfter: nil))
    let endless = try await result(of: .send("HTTP/1.0 200 OK\r\n\r\nabc", then: .close))
    #expect(endless.response == .status(200, body: Array("abc".utf8), retryAfter: nil))
  }

  @Test func whatComesAfterAnInformationalStatusIsTheAnswer() async throws {
    let result = try await result(
      of: .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"))
    #expect(result.status == 204)
  }

  @Test(arguments: ["100 Continue", "102 Processing", "103 Early Hints", "101 Switching Protocols"])
  func anInformationalStatusAloneIsNone(_ status: String) async throws {
    let result = try await result(of: .send("HTTP/1.1 \(status)\r\n\r\n", then: .close))
    #expect(result.status == nil)
  }

  @Test func aStatusIsNeverTakenFromTheRequestBefore() async throws {
    // One handle: what the second request gets must be its own.
    try await withServer(script: { $0.number == 0 ? .answer() : .close }) { server in
      await withTransport(server.destination().with { $0.concurrency = 1 }) { bench in
        #expect(await bench.send().status == 200)
        #expect(await bench.send().status == nil)
        await server.stop()
        #expect(await bench.send().failure?.kind == .connectionRefused)
      }
    }
  }
}

import RelayCore
import Testing

@testable import RelayCurl

@Suite(.timeLimit(.minutes(15))) struct AnswerTests {
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

  @Test(arguments: [
    "content-length: 100\r\n\r\nabc", "\r\nabc", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
  ])
  func anAnswerThatDoesNotEndStandsAfterTwoSeconds(_ rest: String) async throws {
    try await withServer(script: { _ in .send("HTTP/1.1 200 OK\r\n\(rest)") }) { server in
      await withTransport(server.destination().with { $0.timeout = .seconds(50) }) { bench in
        let result = await bench.send()
        #expect(result.response == .status(200, body: Array("abc".utf8), retryAfter: nil))
        #expect(result.duration >= AnswerProgress.maxRestTime)
        #expect(result.duration < .seconds(20))
        await server.log.wait { $0.open == 0 }
      }
    }
  }

  @Test func manyAnswersThatDoNotEndAreCutTogether() async throws {
    try await withServer(script: { _ in .send("HTTP/1.1 200 OK\r\n\r\n") }) { server in
      await withTransport(server.destination().with { $0.timeout = .seconds(50) }) { bench in
        let results = await bench.results(of: bench.start(16))
        #expect(results.allSatisfy { $0.status == 200 && $0.duration < .seconds(20) })
      }
    }
  }

  /// Each is much longer than what is read of it, and goes on for ever.
  enum Endless: CaseIterable {
    case data, dataWithoutALength, chunks, chunkExtension, trailers

    var text: String {
      switch self {
      case .data: "content-length: 1000000000\r\n\r\n" + String(repeating: "x", count: 300_000)
      case .dataWithoutALength: "\r\n" + String(repeating: "x", count: 300_000)
      case .chunks: "transfer-encoding: chunked\r\n\r\n" + String(repeating: "1\r\nx\r\n", count: 50_000)
      case .chunkExtension: "transfer-encoding: chunked\r\n\r\n1;" + String(repeating: "x", count: 300_000)
      case .trailers: "transfer-encoding: chunked\r\n\r\n0\r\n" + String(repeating: "a: b\r\n", count: 50_000)
      }
    }
  }

  @Test(arguments: Endless.allCases) func everyByteAfterTheHeaderCounts(_ endless: Endless) async throws {
    let result = try await result(of: .send("HTTP/1.1 200 OK\r\n\(endless.text)")) {
      $0.timeout = .seconds(50)
    }
    #expect(result.status == 200)
    #expect(result.duration < AnswerProgress.maxRestTime)
  }

  @Test func soItDoesOnAKeptConnection() async throws {
    let frames =
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;" + String(repeating: "x", count: 8 << 20)
    try await withServer(script: { $0.number == 0 ? .answer() : .send(frames) }) { server in
      await withTransport(server.destination().with { $0.timeout = .seconds(50) }) { bench in
        #expect(await bench.send().status == 200)
        let result = await bench.send()
        #expect(result.status == 200 && result.duration < AnswerProgress.maxRestTime)
        #expect(server.log.value.accepted == 1)
      }
    }
  }

  @Test(arguments: [true, false]) func aHeaderHasABound(isInterim: Bool) async throws {
    let header =
      isInterim
      ? String(repeating: "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", count: 10_000)
      : "HTTP/1.1 200 OK\r\n" + String(repeating: "a: b\r\n", count: 60_000)
    let failure = try #require(try await result(of: .send(header)).failure)
    #expect(failure == TransportFailure(kind: .other, message: "the answer's header is longer than 256 KiB"))
  }

  @Test func aHeaderLineHasABoundToo() async throws {
    let line = "HTTP/1.1 200 OK\r\na: " + String(repeating: "b", count: 150_000)
    let failure = try #require(try await result(of: .send(line)).failure)
    #expect(failure.message == "the answer has a header line of more than 100 KiB")
  }

  @Test func aHeaderThatNeverEndsIsNoAnswer() async throws {
    let header = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n"
    let stalled = try await result(of: .send(header)) { $0.timeout = .milliseconds(500) }
    #expect(stalled.failure?.kind == .timeout)
    let cut = try await result(of: .send(header, then: .close))
    #expect(cut.failure == TransportFailure(kind: .reset, message: "the answer ended within its header"))
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

  @Test func aSwitchOfProtocolsFailsAtOnce() async throws {
    let result = try await result(of: .send("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n")) {
      $0.timeout = .seconds(50)
    }
    let failure = try #require(result.failure)
    #expect(failure.message == "the answer is 101 Switching Protocols, and no other protocol was asked for")
    #expect(result.duration < AnswerProgress.maxRestTime)
  }

  @Test(arguments: ["000", "099"]) func aStatusBelowAHundredIsNone(_ status: String) async throws {
    let result = try await result(of: .send("HTTP/1.1 \(status) What\r\ncontent-length: 0\r\n\r\n"))
    #expect(result.failure?.kind == .other)
  }

  /// A server's kernel may hold the second of two small writes back until the first is acknowledged, and ours would
  /// acknowledge it 40 ms later.
  @Test func anAnswerInTwoWritesIsNotHeldBack() async throws {
    let script: TestServer.Script = { _ in
      Reaction(
        bytes: Array("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n".utf8), end: .keep,
        second: Array("ok".utf8))
    }
    try await withServer(.http1InSmallWrites, script: script) { server in
      await withTransport(server.destination()) { bench in
        // A young connection's acknowledgements come at once anyway.
        var durations: [Duration] = []
        for _ in 0..<45 { durations.append(await bench.send().duration) }
        #expect(durations.dropFirst(20).sorted()[12] < .milliseconds(30))
        #expect(server.log.value.accepted == 1)
      }
    }
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

import RelayCore
import RelayPipeline
import RelayTestSupport
import Testing

@testable import RelayFiles

@Suite(.timeLimit(.minutes(15))) struct FileServerTests {
  /// More than the sockets' buffers and many pieces.
  private static let large = (0..<3_000_000).map { UInt8(ascii: "a") + UInt8($0 % 23) }

  @Test func aSignedLinkGivesTheFile() async throws {
    try await FileDesk.with { desk in
      let bytes = Array("some bytes".utf8)
      try desk.shelf.put(bytes, at: 2)
      let answer = try #require(try await desk.answer(desk.target(2)))
      #expect(answer.status == 200 && answer.body == bytes)
      #expect(answer.headers["content-type"] == "image/jpeg" && answer.headers["etag"] == "\"hash2\"")
      #expect(answer.headers["content-disposition"] == "attachment; filename*=UTF-8''photo%20%C3%A9.jpg")
    }
  }

  @Test func aLargeFileComesWholeInPieces() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put(Self.large, at: 0)
      #expect(try await desk.answer(desk.target(0))?.body == Self.large)
      let part = try #require(try await desk.answer(desk.target(0), "range: bytes=65535-200000"))
      #expect(part.status == 206 && part.body == Array(Self.large[65_535...200_000]))
    }
  }

  @Test func aHeadIsThatOfTheFileWithoutIt() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put(Self.large, at: 0)
      let client = try await desk.connect()
      try await client.get(desk.target(0), method: "HEAD")
      let answer = try #require(await client.answer(isHead: true))
      #expect(answer.status == 200 && answer.headers["content-length"] == "\(Self.large.count)")
      try await client.get(desk.target(9), method: "HEAD")
      #expect(await client.answer(isHead: true)?.status == 404)
      try await client.get("/x", method: "HEAD")
      #expect(await client.answer(isHead: true)?.status == 404)
      // Nothing of a body came between.
      try await client.get(desk.target(0), "range: bytes=0-2")
      #expect(await client.answer()?.text == "abc")
      try await client.close()
    }
  }

  @Test func requestsOneAfterAnotherAreAnsweredInTheirOrderOnOneConnection() async throws {
    try await FileDesk.with { desk in
      for place in 0..<3 { try desk.shelf.put(Array("file \(place)".utf8), at: place) }
      let client = try await desk.connect()
      let requests = [0, 1, 7, 2].map { "GET \(desk.target($0)) HTTP/1.1\r\nhost: r\r\n\r\n" }
      try await client.send(requests.joined())
      var answers: [String] = []
      for _ in requests {
        answers.append(await client.answer().map { "\($0.status) \($0.text.prefix(6))" } ?? "")
      }
      #expect(answers == ["200 file 0", "200 file 1", "404 {\"erro", "200 file 2"])
      try await client.close()
    }
  }

  @Test func whatBecameOfAnAttachmentIsSaid() async throws {
    try await FileDesk.with { desk in
      desk.shelf.put(.pending, at: 0)
      desk.shelf.put(.failed(reason: "too large"), at: 1)
      desk.shelf.put(.ended, at: 2)
      let pending = try await desk.answer(desk.target(0))
      #expect(pending?.status == 503 && pending?.headers["retry-after"] == "5")
      let failed = try await desk.answer(desk.target(1))
      #expect(failed?.status == 502 && failed?.text.contains("too large") == true)
      #expect(try await desk.answer(desk.target(2))?.status == 410)
      #expect(try await desk.answer(desk.target(3))?.status == 404)
      #expect(try await desk.answer(desk.target(0, of: EventID(high: 1, low: 2)))?.status == 404)
      // An event of a moment ago may not have been recorded yet.
      let young = EventID(high: UInt64(desk.clock.now().milliseconds) << 16 | 0x7000, low: 2)
      #expect(try await desk.answer(desk.target(0, of: young))?.status == 503)
    }
  }

  @Test func aLinkEndsWithItsTimeAndAWrongOneIsToldNothing() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put([1], at: 0)
      let target = desk.target(0)
      #expect(try await desk.answer(target)?.status == 200)
      desk.clock.advance(by: .seconds(60))
      #expect(try await desk.answer(target)?.status == 410)
      let wrong = try await desk.answer(String(target.dropLast()) + (target.hasSuffix("A") ? "B" : "A"))
      let unsigned = try await desk.answer(String(target.prefix { $0 != "?" }))
      #expect(wrong?.status == 403 && unsigned == wrong)
    }
  }

  @Test(arguments: [
    "/", "/files", "/files/", "/healthz", "/files/../../etc/passwd", "/files/%2e%2e/x",
    "/..%2f..%2fetc/passwd",
    "/files/evt_0193b0a0-7c1d-7abc-8def-0123456789ab%2F0", "//files/x/0", "/favicon.ico", "/files/hash0",
  ]) func otherPathsAreNothing(path: String) async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put([1], at: 0)
      let query = desk.target(0).drop { $0 != "?" }
      #expect(try await desk.answer(path)?.status == 404)
      #expect(try await desk.answer(path + query)?.status == 404)
    }
  }

  @Test func otherMethodsAreRefusedAndTheirBodiesThrownAway() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put(Array("x".utf8), at: 0)
      let client = try await desk.connect()
      for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        try await client.get(desk.target(0), method: method, "content-length: 3")
        try await client.send("abc")
        let answer = try #require(await client.answer())
        #expect(answer.status == 405 && answer.headers["allow"] == "GET, HEAD")
      }
      try await client.get(desk.target(0), "content-length: 3")
      try await client.send("abc")
      #expect(await client.answer()?.text == "x")
      try await client.close()
    }
  }

  @Test func aFileThatIsNotWhatWasFetchedIsNotGivenOut() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put([1, 2, 3], at: 0, claimed: 4)
      #expect(try await desk.answer(desk.target(0))?.status == 500)
      desk.shelf.put(.fetched(AttachmentFile(hash: "gone", bytes: 1)), at: 1)
      #expect(try await desk.answer(desk.target(1))?.status == 410)
      desk.shelf.breakDown()
      #expect(try await desk.answer(desk.target(0))?.status == 503)
    }
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nx: \(String(repeating: "y", count: 20_000))\r\n\r\n",
    "GET /\(String(repeating: "y", count: 20_000)) HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\n\(String(repeating: "x: y\r\n", count: 200))\r\n", "nonsense\r\n\r\n",
    "\u{16}\u{3}\u{1}\r\n\r\n",
  ]) func whatIsNoRequestOrTooLongEndsTheConnection(text: String) async throws {
    try await FileDesk.with { desk in
      let client = try await desk.connect()
      try? await client.send(text)
      let answer = String(decoding: await client.rest(), as: UTF8.self)
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 431 "))
      #expect(!answer.contains("200 OK"))
    }
  }

  @Test func aClientThatEndsItsSideGetsItsAnswer() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put(Self.large, at: 0)
      let client = try await desk.connect()
      try await client.get(desk.target(0))
      try await client.closeOutput()
      #expect(await client.answer()?.body.count == Self.large.count)
      #expect(await client.rest().isEmpty)
    }
  }

  @Test func aClientOfTheOldVersionIsAnsweredAndItsConnectionEnds() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put(Array("x".utf8), at: 0)
      let client = try await desk.connect()
      try await client.send("GET \(desk.target(0)) HTTP/1.0\r\n\r\n")
      let answer = await client.answer()
      #expect(answer?.text == "x" && answer?.headers["connection"] == "close")
      #expect(await client.rest().isEmpty)
    }
  }

  /// Broken by a listener that reads on while nobody takes what it has read: the answer would be there whole.
  @Test func aClientThatTakesNothingIsClosed() async throws {
    try await FileDesk.with({ $0.pieceTimeout = .milliseconds(300) }) { desk in
      try desk.shelf.put((0..<40).flatMap { _ in Self.large }, at: 0)
      let client = try await desk.connect()
      try await client.get(desk.target(0))
      await desk.connections { $0 == 0 }
      #expect(await client.answer() == nil)
    }
  }

  @Test func aClientThatSaysNothingIsClosed() async throws {
    try await FileDesk.with({ $0.requestTimeout = .milliseconds(100) }) { desk in
      try desk.shelf.put(Array("x".utf8), at: 0)
      #expect(try await desk.connect().rest().isEmpty)
      let half = try await desk.connect()
      try await half.send("GET / HTTP/1.1\r\nhost:")
      #expect(await half.rest().isEmpty)
    }
  }

  /// On a machine that is busy a request may come too late: then it is asked again on another connection.
  @Test func aClientThatAsksForNothingMoreIsClosed() async throws {
    try await FileDesk.with({ $0.requestTimeout = .milliseconds(100) }) { desk in
      while true {
        let client = try await desk.connect()
        try? await client.get("/x")
        guard let answer = await client.answer() else { continue }
        #expect(answer.status == 404)
        #expect(await client.rest().isEmpty)
        break
      }
    }
  }

  @Test func noMoreConnectionsThanAllowedAreOpen() async throws {
    try await FileDesk.with({ $0.maxConnections = 3 }) { desk in
      try desk.shelf.put(Array("x".utf8), at: 0)
      var clients: [FileClient] = []
      for _ in 0..<3 {
        clients.append(try await desk.connect())
        try await clients[clients.count - 1].get(desk.target(0))
        #expect(await clients[clients.count - 1].answer()?.text == "x")
      }
      #expect(try await desk.connect().rest().isEmpty)
      try await clients[0].close()
      await desk.connections { $0 < 3 }
      #expect(try await desk.answer(desk.target(0))?.text == "x")
      for client in clients.dropFirst() { try await client.close() }
    }
  }

  @Test func manyClientsAtOnceGetTheirFiles() async throws {
    try await FileDesk.with { desk in
      for place in 0..<8 { try desk.shelf.put(Array(Self.large.prefix(100_000 * place + 7)), at: place) }
      let sizes = try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<64 {
          group.addTask {
            try await desk.answer(desk.target(index % 8))?.body.count == 100_000 * (index % 8) + 7
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(sizes.count == 64 && sizes.allSatisfy { $0 })
    }
  }

  @Test func anotherAddressIsListenedOnAndConnectionsStay() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put(Array("x".utf8), at: 0)
      let kept = try await desk.connect()
      try await kept.get(desk.target(0))
      #expect(await kept.answer()?.status == 200)
      let moved = try #require(try await desk.server.apply(ListenAddress(host: "localhost", port: 0)))
      let client = try await FileClient.connect(to: ListenAddress(host: "127.0.0.1", port: moved.port))
      try await client.get(desk.target(0))
      #expect(await client.answer()?.text == "x")
      await #expect(throws: (any Error).self) { try await desk.connect() }
      try await kept.get(desk.target(0))
      #expect(await kept.answer()?.text == "x")
      #expect(try await desk.server.apply(nil) == nil)
      await #expect(throws: (any Error).self) {
        try await FileClient.connect(to: ListenAddress(host: "127.0.0.1", port: moved.port))
      }
      // On again.
      #expect(try await desk.server.apply(ListenAddress(host: "127.0.0.1", port: 0)) != nil)
      try await kept.close()
      try await client.close()
    }
  }

  @Test func anAddressThatIsTakenChangesNothing() async throws {
    try await FileDesk.with { desk in
      try await FileDesk.with { other in
        await #expect(throws: (any Error).self) { try await desk.server.apply(other.address) }
        try desk.shelf.put(Array("x".utf8), at: 0)
        #expect(try await desk.answer(desk.target(0))?.text == "x")
      }
    }
  }

  @Test func whenItStopsWaitingConnectionsEndAndAnswersAreFinished() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put(Self.large, at: 0)
      let idle = try await desk.connect()
      try await idle.get(desk.target(9))
      #expect(await idle.answer()?.status == 404)
      let busy = try await desk.connect()
      try await busy.get(desk.target(0))
      async let stopped: Void = desk.server.shutdown(within: .seconds(600))
      #expect(await idle.rest().isEmpty)
      #expect(await busy.answer()?.body.count == Self.large.count)
      await stopped
      #expect(desk.server.connections.count == 0)
      #expect(try await desk.server.apply(ListenAddress(host: "127.0.0.1", port: 0)) == nil)
    }
  }

  @Test func whenItStopsItDoesNotWaitForASlowClientBeyondItsTime() async throws {
    try await FileDesk.with { desk in
      try desk.shelf.put((0..<40).flatMap { _ in Self.large }, at: 0)
      let client = try await desk.connect()
      try await client.get(desk.target(0))
      await desk.connections { $0 > 0 }
      await desk.server.shutdown(within: .milliseconds(50))
      #expect(desk.server.connections.count == 0)
      #expect(await client.answer() == nil)
    }
  }
}

import Foundation
import RelayHarness
import RelayThreads
import Testing

/// Clients that are slow, silent, endless or many, against the running binary, while good senders are served: all of those are answered 200, and
/// memory and descriptors come back.
@Suite(.timeLimit(.minutes(15))) struct HostileInputTests {
  private static let body = #"{"messages":{"a":[{}]}}"#

  /// - Parameter first: Sent at once.
  /// - Parameter rest: Sent a byte each 50 ms, until an answer comes.
  private func drip(_ connections: [OwnConnection], _ first: String, _ rest: [UInt8]) throws -> [String] {
    for connection in connections { try connection.send(first) }
    let threads = connections.map { connection in
      let answer = Locked("")
      nonisolated(unsafe) let connection = connection
      let thread = WorkerThread(name: "drip") {
        for byte in rest where connection.wait(for: POLLIN, .milliseconds(50)) == 0 {
          try? connection.send([byte])
        }
        connection.closeOutput()
        let text = connection.rest()
        answer.withLock { $0 = text }
      }
      return (thread, answer)
    }
    return threads.map { thread, answer in
      thread.join()
      return answer.withLock { $0 }
    }
  }

  @Test func aSlowHeaderIsCutOffAtTheRequestsTime() async throws {
    let relay = try HostileRelay()
    let slow = try (0..<50).map { _ in try relay.talk() }
    let answers = try drip(
      slow, "POST /huggy HTTP/1.1\r\nHost: relay\r\nX-A: ", [UInt8](repeating: 0x61, count: 2_000))
    #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 408 ") })
    #expect(try relay.refused("timeout") == 50)
    try await relay.end()
  }

  @Test func aSlowBodyIsCutOffAtTheRequestsTime() async throws {
    let relay = try HostileRelay()
    for head in ["Content-Length: 2000", "Transfer-Encoding: chunked"] {
      let slow = try (0..<25).map { _ in try relay.talk() }
      let isChunked = head.hasPrefix("T")
      let answers = try drip(
        slow, "POST /huggy HTTP/1.1\r\nHost: relay\r\n\(head)\r\n\r\n\(isChunked ? "7d0\r\n" : "")",
        [UInt8](repeating: 0x20, count: 2_000))
      #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 408 ") }, "\(head)")
    }
    try await relay.end()
  }

  /// It asks and asks, and reads nothing of what it is answered.
  @Test func whoReadsNoAnswersIsReadFromNoMoreAndClosed() async throws {
    let relay = try HostileRelay()
    let request = Array("GET /healthz HTTP/1.1\r\nHost: relay\r\n\r\n".utf8)
    let piece = Array(repeatElement(request, count: 400).joined())
    let readers = try (0..<10).map { _ in try OwnConnection(to: relay.url, receiveBytes: 4_096) }
    for reader in readers {
      let taken = reader.sendWithoutEnd(piece, silence: .milliseconds(500))
      #expect(taken < 32 << 20, "the relay holds no more than what it may")
      #expect(reader.waitForEnd(), "it is closed")
    }
    try await relay.end()
  }

  @Test func whoClosesTheirSideGetsWhatTheyAskedForAndNoMore() async throws {
    let relay = try HostileRelay()
    let whole =
      "POST /huggy HTTP/1.1\r\nHost: relay\r\nContent-Length: \(Self.body.utf8.count)\r\n\r\n\(Self.body)"
    for cut in 0...whole.utf8.count {
      let connection = try relay.talk()
      if cut > 0 { try connection.send(Array(whole.utf8.prefix(cut))) }
      connection.closeOutput()
      let answer = connection.rest()
      if cut == whole.utf8.count {
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
      } else {
        #expect(answer == "", "after \(cut) bytes: \(answer)")
      }
    }
    try await relay.end()
  }

  @Test func anEndlessHeaderIsRefusedAndCutOff() async throws {
    let relay = try HostileRelay()
    for piece in ["X-A: b\r\n", "a", "X-\(String(repeating: "y", count: 4_000)): z\r\n"] {
      let connection = try relay.talk()
      try connection.send("POST /huggy HTTP/1.1\r\nHost: relay\r\n")
      _ = connection.sendWithoutEnd(Array(repeatElement(Array(piece.utf8), count: 100).joined()))
      let answer = connection.rest()
      #expect(answer == "" || answer.hasPrefix("HTTP/1.1 431 "), "\(answer)")
    }
    #expect(try relay.refused("headers_too_large") >= 3)
    try await relay.end()
  }

  @Test func anEndlessBodyIsRefusedAndCutOff() async throws {
    let relay = try HostileRelay()
    let chunk = "400\r\n" + String(repeating: " ", count: 1_024) + "\r\n"
    for (head, piece) in [
      ("Transfer-Encoding: chunked", chunk), ("Transfer-Encoding: chunked", "1\r\n \r\n"),
      ("Transfer-Encoding: chunked", "1;\(String(repeating: "e", count: 500))\r\n \r\n"),
      ("Content-Length: 999999999", " "), ("Transfer-Encoding: chunked\r\nContent-Encoding: gzip", chunk),
    ] {
      let connection = try relay.talk()
      try connection.send("POST /huggy HTTP/1.1\r\nHost: relay\r\n\(head)\r\n\r\n")
      let taken = connection.sendWithoutEnd(Array(repeatElement(Array(piece.utf8), count: 64).joined()))
      let answer = connection.rest()
      #expect(
        answer == "" || ["413", "400", "415", "408"].contains(answer.dropFirst(9).prefix(3)),
        "\(head): \(answer)")
      #expect(taken < 128 << 20, "\(head)")
    }
    #expect(try relay.accepted(by: "smuggled") == 0)
    try await relay.end()
  }

  /// As many as the limit of open files lets this process have, 10,000 at most: at 20,000 open files that is all of them.
  @Test func thousandsOfIdleConnectionsCostLittleAndGo() async throws {
    let count = try Self.possibleConnections()
    try #require(count >= 500, "too few files may be open")
    let relay = try HostileRelay("request_timeout: 5m, idle_timeout: 5m, max_connections: 12000")
    var idle: [OwnConnection] = []
    for number in 0..<count {
      let connection = try relay.talk()
      // Half of them have said something once.
      if number.isMultiple(of: 2) { try connection.send("GET /healthz HTTP/1.1\r\nHost: relay\r\n\r\n") }
      idle.append(connection)
    }
    let held = try await eventually {
      try relay.holding()
    } until: {
      $0.descriptors >= count
    }
    #expect(held.residentBytes < 400 << 20, "\(count) connections: \(held)")
    // Those that asked for something have it.
    for (number, connection) in idle.enumerated() where number.isMultiple(of: 1_000) {
      #expect(connection.next().hasPrefix("HTTP/1.1 200 "))
    }
    idle = []
    // Of what ten thousand had, the allocator keeps some for the next ones.
    try await relay.end(slackBytes: 128 << 20)
  }

  /// Files that this process and a child of it may still open, with room for what else they need.
  private static func possibleConnections() throws -> Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    return min(10_000, Int(min(limit.rlim_max, 1 << 20)) - open - 512)
  }
}

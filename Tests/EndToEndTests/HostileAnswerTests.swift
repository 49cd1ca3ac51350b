import Foundation
import RelayHarness
import RelayThreads
import RelayTools
import Testing

/// Receivers that answer with everything but an answer, while a good one is served: each attempt ends in time, and takes no memory with it.
@Suite(.timeLimit(.minutes(15))) struct HostileAnswerTests {
  /// What a receiver says to a request, and how the attempt ends by that.
  private static let kinds: [(name: String, answer: HostileReceiver.Answer, outcome: Outcome)] = [
    ("silence", .init(""), .fails),
    ("drip", .init("HTTP/1.1 200 OK\r\nx: ", again: "y", each: .milliseconds(50)), .fails),
    (
      "endless-header",
      .init("HTTP/1.1 200 OK\r\n", again: "x-more: \(String(repeating: "y", count: 1_000))\r\n"), .fails
    ),
    (
      "endless-line", .init("HTTP/1.1 200 OK\r\nx-more: ", again: String(repeating: "y", count: 4_000)),
      .fails
    ),
    ("endless-status-line", .init("HTTP/1.1 200 ", again: String(repeating: "y", count: 4_000)), .fails),
    ("endless-interim", .init("", again: "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"), .fails),
    (
      "switching",
      .init("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", again: "zzzz"),
      .fails
    ),
    ("no-http", .init("SSH-2.0-OpenSSH_9.2\r\n", again: "garbage\r\n"), .fails),
    ("half-a-header", .init("HTTP/1.1 200 OK\r\ncontent-le", closes: true), .fails),
    ("closes-at-once", .init("", closes: true), .fails),
    ("redirect-to-itself", .init("HTTP/1.1 307 Again\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"), .fails),
    // The outcome stands when the final header ends; what follows is bounded.
    (
      "endless-body", .init("HTTP/1.1 200 OK\r\n\r\n", again: String(repeating: "b", count: 16_384)),
      .succeeds
    ),
    (
      "drip-body",
      .init("HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n", again: "b", each: .milliseconds(50)),
      .succeeds
    ),
    (
      "endless-chunks",
      .init(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        again: "1;x=\(String(repeating: "e", count: 500))\r\nb\r\n"),
      .succeeds
    ),
    (
      "endless-trailers",
      .init("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", again: "x-trailer: y\r\n"),
      .succeeds
    ),
    (
      "broken-chunk",
      .init("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nbody\r\n", closes: true), .succeeds
    ),
    ("short-body", .init("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\nshort", closes: true), .succeeds),
    // What contradicts itself is libcurl's to judge: it ends, one way or the other.
    (
      "two-lengths",
      .init("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nbody", closes: true), .ends
    ),
    ("no-length", .init("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", again: "b"), .ends),
    (
      "length-and-chunks",
      .init(
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        closes: true), .ends
    ),
    ("bare-lf", .init("HTTP/1.1 200 OK\ncontent-length: 0\n\n"), .ends),
    (
      "every-byte", .init("HTTP/1.1 200 OK\r\nx: \u{1}\u{7F}\t\r\n: empty\r\nno colon\r\n\r\n", closes: true),
      .ends
    ),
    ("status-9999", .init("HTTP/1.1 9999 Much\r\n\r\n", closes: true), .ends),
    (
      "many-retry-afters",
      .init(
        "HTTP/1.1 503 No\r\nretry-after: 1\r\nretry-after: 99999999999999999999\r\ncontent-length: 0\r\n\r\n"),
      .fails
    ),
  ]

  private enum Outcome { case fails, succeeds, ends }

  private func residentKiB(_ process: Int32) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try #require(Int(line.split(separator: " ", omittingEmptySubsequences: true)[1]))
  }

  private func openFiles(_ process: Int32) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
  }

  @Test func everyKindOfAnswerEndsInTimeAndAGoodReceiverFeelsNothing() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    let receivers = try Self.kinds.map { try HostileReceiver($0.answer) }
    defer { for receiver in receivers { receiver.stop() } }
    let destinations = zip(Self.kinds, receivers).map { kind, receiver in
      "  \(kind.name): { url: \"http://127.0.0.1:\(receiver.port)/\" }\n"
    }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      defaults: { timeout: 2s, connect_timeout: 2s, retry: { initial: 1h, max_delay: 1h }, circuit: { failures: 1000 }, max_idle: 1s }
      destinations:
        good: { url: "http://\(address)/good" }
      \(destinations.joined())
      routes: [{ name: good, to: good }, { name: all, match: { event: createdChat }, to: [\(Self.kinds.map(\.name).joined(separator: ", "))] }]
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    func send(_ type: String, _ ids: Range<Int>) throws {
      for id in ids {
        #expect(
          try post(Array(#"{"messages":{"\#(type)":[{"id":\#(id)}]}}"#.utf8), to: url + "/huggy").status
            == 200)
      }
    }
    /// By its outcome: how many attempts have ended there.
    func attempts(_ name: String, _ metrics: String) -> [String: Int] {
      let prefix = "huggy_relay_attempts_total{destination=\"\(name)\",outcome=\""
      let lines = metrics.split(separator: "\n").filter { $0.hasPrefix(prefix) }
      return Dictionary(
        uniqueKeysWithValues: lines.map { line in
          (
            String(line.dropFirst(prefix.count).prefix { $0 != "\"" }),
            Int(line.split(separator: " ").last!) ?? 0
          )
        })
    }
    let rounds = 3
    try send("closedChat", 0..<200)
    #expect(received.wait { $0.count == 200 })
    let (memory, files) = (try residentKiB(relay.processID), try openFiles(relay.processID))
    try send("createdChat", 0..<rounds)
    let metrics = try await eventually {
      // Good ones go through all the while.
      try send("closedChat", received.all.count + 1_000..<received.all.count + 1_001)
      return try person.get("/metrics")
    } until: { metrics in
      Self.kinds.allSatisfy { attempts($0.name, metrics).values.reduce(0, +) == rounds }
    }
    for kind in Self.kinds {
      let succeeded = attempts(kind.name, metrics)["2xx"] ?? 0
      switch kind.outcome {
      case .succeeds: #expect(succeeded == rounds, "\(kind.name)")
      case .fails: #expect(succeeded == 0, "\(kind.name)")
      case .ends: #expect(succeeded == 0 || succeeded == rounds, "\(kind.name)")
      }
    }
    #expect(attempts("good", metrics).keys.filter { attempts("good", metrics)[$0]! > 0 } == ["2xx"])
    // Connections that are no good are closed, and those that are kept end with max_idle.
    _ = try await eventually {
      try openFiles(relay.processID)
    } until: {
      $0 <= files + 8
    }
    #expect(try residentKiB(relay.processID) < memory + 48 * 1_024)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }
}

/// Reads a request and says something to it, perhaps without end.
private final class HostileReceiver: Sendable {
  struct Answer: Sendable {
    var first: [UInt8]
    /// Said again and again, as fast as it is taken, or so often.
    var again: [UInt8] = []
    var pause: Duration?
    /// Else it waits for the other side to close.
    var closes = false

    init(_ first: String, again: String = "", each pause: Duration? = nil, closes: Bool = false) {
      self.first = Array(first.utf8)
      self.again = Array(again.utf8)
      self.pause = pause
      self.closes = closes
    }
  }

  private struct State: Sendable {
    var connections: Set<Int32> = []
    var isStopped = false
  }

  let port: Int
  private let answer: Answer
  private let listener: Int32
  private let state = Locked(State())
  private let accepting = Locked<WorkerThread?>(nil)

  init(_ answer: Answer) throws {
    self.answer = answer
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = listener
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, size) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &size) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = Int(UInt16(bigEndian: address.sin_port))
    accepting.withLock {
      $0 = WorkerThread(name: "hostile") { [self] in
        while case let client = accept(listener, nil, nil), client >= 0 {
          guard keep(client), WorkerThread.start(name: "hostile one", { self.serve(client) }) else { break }
        }
      }
    }
  }

  func stop() {
    state.withLock { state in
      state.isStopped = true
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }
    shutdown(listener, Int32(SHUT_RDWR))
    accepting.withLock { $0?.join() }
    close(listener)
  }

  private func keep(_ client: Int32) -> Bool {
    let isKept = state.withLock { state in
      if !state.isStopped { state.connections.insert(client) }
      return !state.isStopped
    }
    if !isKept { close(client) }
    return isKept
  }

  private func serve(_ client: Int32) {
    defer {
      _ = state.withLock { $0.connections.remove(client) }
      close(client)
    }
    var request: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      // The body ends with what ends an envelope; its head holds none of it.
      while !request.suffix(3).elementsEqual("]}}".utf8) {
        let count = recv(client, &buffer, buffer.count, 0)
        guard count > 0 else { return }
        request += buffer[..<count]
      }
      request = []
      guard say(answer.first, to: client) else { return }
      while !answer.again.isEmpty {
        if let pause = answer.pause, !isQuiet(client, for: pause) { return }
        guard say(answer.again, to: client) else { return }
      }
      if answer.closes { return }
    }
  }

  private func say(_ bytes: [UInt8], to client: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Waits so long, unless the other side says or ends something.
  private func isQuiet(_ client: Int32, for time: Duration) -> Bool {
    var poll = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, Int32(time / .milliseconds(1))) == 0
  }
}

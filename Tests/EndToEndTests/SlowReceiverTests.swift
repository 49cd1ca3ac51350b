import Foundation
import RelayHarness
import RelayThreads
import Testing

/// A destination whose answers take so long that its slots are what it is held back by.
@Suite(.timeLimit(.minutes(15))) struct SlowReceiverTests {
  private struct Status: Decodable {
    struct Destination: Decodable {
      var concurrencyLimit: Limit?
    }

    struct Limit: Decodable {
      var share: Double
      var attemptsPerSecond: Double
      var meanAttemptMs: Double
      var concurrency: Int
      var suggested: Int?
    }

    var destinations: [Destination]
  }

  private func limit(_ person: Operator) throws -> Status.Limit? {
    let text = try person.get("/api/v1/status")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Status.self, from: Data(text.utf8)).destinations.first?.concurrencyLimit
  }

  @Test func statusSaysThatConcurrencyIsTheLimitUntilNothingWaitsForASlot() async throws {
    let receiver = try GatedReceiver()
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://127.0.0.1:\(receiver.port)/", concurrency: 2, timeout: 1h } }
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    for id in 1...6 {
      #expect(try post(envelope(("a", "\"id\":\(id)")), to: url + "/huggy").status == 200)
    }
    #expect(receiver.waitUntilHeld(2))
    receiver.answer(1)
    #expect(receiver.waitUntilHeld(2), "the slot is taken again")
    // Both slots are taken and three wait for one: the share of the last minute grows until it is told.
    let found = try await eventually(within: .seconds(300)) {
      try limit(person)
    } until: {
      $0 != nil
    }
    let told = try #require(found)
    #expect(told.share >= 0.5 && told.share <= 1 && told.concurrency == 2 && told.meanAttemptMs > 0)
    #expect(abs(told.attemptsPerSecond - 2_000 / told.meanAttemptMs) <= 0.02 * told.attemptsPerSecond)
    let status = try person.run("status").output
    #expect(status.contains("crm: all 2 slots are taken "), "\(status)")
    #expect(status.contains("or `batch` would lift it"), "\(status)")

    receiver.open()
    let delivered = try await eventually(within: .seconds(300)) {
      try person.destination("crm")?.delivered
    } until: {
      $0 == 6
    }
    #expect(delivered == 6)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    receiver.stop()
  }
}

/// Takes requests, and answers them when it is told to. A connection a request.
private final class GatedReceiver: Sendable {
  private struct State: Sendable {
    /// Connections whose requests are there, and have no answer.
    var held: [Int32] = []
    var isOpen = false
  }

  let port: Int
  private let socket: Int32
  private let state = Monitor(State())
  private let thread = Locked<WorkerThread?>(nil)

  init() throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = socket
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, size) == 0 && listen(listener, 16) == 0
          && getsockname(listener, address, &size) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = Int(UInt16(bigEndian: address.sin_port))
    thread.withLock { $0 = WorkerThread(name: "receiver") { [self] in serve() } }
  }

  private func serve() {
    while true {
      let connection = accept(socket, nil, nil)
      guard connection >= 0 else { return }
      var request: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      // The body ends with the envelope's last two braces; its head holds none.
      while !request.suffix(2).elementsEqual(Array("}}".utf8)) {
        let count = read(connection, &buffer, buffer.count)
        guard count > 0 else { break }
        request += buffer[..<count]
      }
      let isOpen = state.update { state in
        if !state.isOpen { state.held.append(connection) }
        return state.isOpen
      }
      if isOpen { Self.answer(connection) }
    }
  }

  /// - Returns: Whether so many wait for their answers within a minute.
  func waitUntilHeld(_ count: Int) -> Bool {
    state.wait(timeout: .seconds(60)) { $0.held.count == count ? true : nil } ?? false
  }

  /// Answers those that have waited longest.
  func answer(_ count: Int) {
    let answered = state.update { state in
      defer { state.held.removeFirst(min(count, state.held.count)) }
      return Array(state.held.prefix(count))
    }
    for connection in answered { Self.answer(connection) }
  }

  /// Answers all of them, and those that come at once.
  func open() {
    let answered = state.update { state in
      defer { state.held = [] }
      state.isOpen = true
      return state.held
    }
    for connection in answered { Self.answer(connection) }
  }

  private static func answer(_ connection: Int32) {
    let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
    _ = write(connection, answer, answer.count)
    close(connection)
  }

  func stop() {
    // Wakes `accept`.
    shutdown(socket, Int32(SHUT_RDWR))
    thread.withLock { $0?.join() }
    close(socket)
  }
}

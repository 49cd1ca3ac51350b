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

  private let state: Monitor<State>
  private let listener: RequestListener

  var port: Int { listener.port }

  init() throws {
    let state = Monitor(State())
    self.state = state
    listener = try RequestListener { connection in
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

  private static func answer(_ connection: Int32) { RequestListener.answer(connection, "200 OK") }

  func stop() { listener.stop() }
}

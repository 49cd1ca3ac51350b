import Foundation
import RelayHarness
import RelayPostgresSupport
import RelayTools
import Testing

/// Two relays, each the real binary, over one real PostgreSQL database.
@Suite(
  .enabled(if: PostgresInstallation.isThere, "\(PostgresInstallation.missing)"), .timeLimit(.minutes(15)))
struct SharedStoreTests {
  /// So many that each relay serves some.
  private static let destinations = (1...8).map { "d\($0)" }

  private static func yaml(_ store: String, sink: String, more: String = "") -> String {
    let lanes = destinations.map {
      "  \($0): { url: \"http://\(sink)/\($0)\", retry: { initial: 10ms, max_delay: 10ms }, "
        + "circuit: { probe_every: 100ms } }"
    }
    return """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0"\(more) }
      store: { url: "\(store)" }
      sources: { huggy: {} }
      destinations:
      \(lanes.joined(separator: "\n"))
      routes: [{ name: all, to: [\(destinations.joined(separator: ", "))] }]
      """
  }

  private struct Relay {
    let setting: Setting
    let process: RelayProcess
    let person: Operator
    let url: String

    init(_ yaml: String) throws {
      setting = try Setting(yaml)
      process = try setting.start()
      url = try #require(process.ingestURL())
      person = try #require(Operator(process))
    }

    func end() {
      process.send(signal: SIGTERM)
      #expect(process.waitForExit() == 0)
    }
  }

  private struct Nodes: Decodable {
    struct Node: Decodable {
      var name: String
      var destinations: [String]
    }

    enum CodingKeys: String, CodingKey {
      case shared, nodes, unserved
      case configurationsDiffer = "configurations_differ"
    }

    var shared: Bool
    var nodes: [Node]
    var unserved: [String]
    var configurationsDiffer: Bool
  }

  private func nodes(_ relay: Relay) throws -> Nodes {
    try JSONDecoder().decode(Nodes.self, from: Data(try relay.person.get("/api/v1/nodes").utf8))
  }

  /// Waits until so many relays serve all destinations, each at least one.
  private func settled(_ relay: Relay, among count: Int) async throws -> Nodes {
    try await eventually {
      try nodes(relay)
    } until: {
      $0.nodes.count == count && $0.unserved.isEmpty && $0.nodes.allSatisfy { !$0.destinations.isEmpty }
        && $0.nodes.flatMap(\.destinations).sorted() == Self.destinations
    }
  }

  /// What reached each destination: its path with the event's id.
  private func places(_ requests: [SinkRequest]) -> [String] {
    requests.compactMap { request in request.webhookID.map { "\(request.path) \($0)" } }.sorted()
  }

  private func due(_ events: [String]) -> [String] {
    events.flatMap { event in Self.destinations.map { "/\($0) \(event)" } }.sorted()
  }

  @Test func whatEitherTakesReachesEachDestinationOnceAlsoWhenOneIsKilled() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let database = try PostgresServer.shared().database()
    let yaml = Self.yaml(database.url, sink: "\(try await sink.start())")
    let (first, second) = (try Relay(yaml), try Relay(yaml))
    let shared = try await settled(first, among: 2)
    #expect(shared.shared && !shared.configurationsDiffer)
    #expect(try await settled(second, among: 2).nodes.map(\.destinations) == shared.nodes.map(\.destinations))

    var events: [String] = []
    for number in 1...20 {
      let relay = number % 2 == 0 ? first : second
      events += try answer(to: envelope(("a", "\"id\":\(number)")), at: relay.url).events
    }
    #expect(received.wait { places($0) == due(events) })
    // A load balancer that sends it again, to the other one.
    let again = try answer(to: envelope(("a", "\"id\":1")), at: first.url)
    #expect(again.duplicate && again.events == [events[0]])

    first.process.send(signal: SIGKILL)
    #expect(first.process.waitForExit() == 128 + SIGKILL)
    for number in 21...40 {
      events += try answer(to: envelope(("a", "\"id\":\(number)")), at: second.url).events
    }
    #expect(received.wait { Set(places($0)) == Set(due(events)) })
    _ = try await settled(second, among: 1)
    #expect(places(received.all) == due(events), "nothing was sent twice: nothing was under way at the kill")
    second.end()
    let verified = try Setting.run(["store", "verify", "--config", second.setting.configuration])
    #expect(verified.status == 0, "\(verified)")
    await sink.stop()
  }

  @Test func whatAPersonAsksOfOneHoldsForBoth() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let database = try PostgresServer.shared().database()
    let yaml = Self.yaml(database.url, sink: "\(try await sink.start())")
    let (first, second) = (try Relay(yaml), try Relay(yaml))
    _ = try await settled(first, among: 2)
    // Each of them serves some of these.
    for destination in Self.destinations {
      let paused = try first.person.run("pause", destination)
      #expect(paused.status == 0, "\(paused)")
    }
    let event = try #require(try answer(to: envelope(("a", "\"id\":1")), at: second.url).events.first)
    for destination in Self.destinations {
      let seen = try await eventually {
        try second.person.destination(destination)
      } until: {
        $0?.paused == true && $0?.pending == 1
      }
      #expect(seen?.delivered == 0)
    }
    #expect(received.all.isEmpty)
    let discarded = try second.person.run("discard", "--destination", "d1", "--state", "pending")
    #expect(discarded.status == 0 && discarded.output.contains("1"), "\(discarded)")
    for destination in Self.destinations { #expect(try second.person.run("resume", destination).status == 0) }
    let rest = due([event]).filter { !$0.hasPrefix("/d1 ") }
    #expect(received.wait { places($0) == rest })
    let replay = try first.person.run("replay", event, "--to", "d1", "--again", "--yes")
    #expect(replay.status == 0, "\(replay)")
    #expect(received.wait { places($0) == due([event]) })
    first.end()
    second.end()
    await sink.stop()
  }

  @Test func configurationsThatDifferAreToldByBoth() async throws {
    let database = try PostgresServer.shared().database()
    let one = try Relay(Self.yaml(database.url, sink: "127.0.0.1:9"))
    let other = try Relay(Self.yaml(database.url, sink: "127.0.0.1:9", more: ", drain: 3s"))
    for relay in [one, other] {
      #expect(
        try await eventually {
          try nodes(relay)
        } until: {
          $0.configurationsDiffer
        }.nodes.count == 2)
      let status = try relay.person.run("status")
      #expect(status.output.contains("differ"), "\(status)")
    }
    one.end()
    let alone = try await eventually {
      try nodes(other)
    } until: {
      $0.nodes.count == 1
    }
    #expect(!alone.configurationsDiffer)
    other.end()
  }
}

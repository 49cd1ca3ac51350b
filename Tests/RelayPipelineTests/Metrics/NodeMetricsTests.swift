import RelayCore
import Testing

@testable import RelayPipeline

/// What relays that share a store show.
@Suite struct NodeMetricsTests {
  private func read(_ readings: GaugeReadings) throws -> [String: String] {
    let destinations = ["bi", "crm", "lake"].map {
      Destination(name: $0, url: Secret("http://\($0).example"))
    }
    let metrics = RelayMetrics(
      Configuration(
        sources: [Source(name: "huggy")], destinations: destinations,
        routes: [Route(name: "all", match: Match(), except: [], action: .drop, stop: false)]))
    return try ExpositionReader(metrics.render(readings)).values
  }

  /// Broken by sums over relays that count what one database has once for each of them.
  @Test func relaysThatShareAStoreTellEachThingOnce() throws {
    func node(_ name: String, _ destinations: [String], isThis: Bool) -> StoreNodes.Node {
      StoreNodes.Node(
        name: name, version: "1", configurationHash: name, destinations: destinations, lastSeen: .second(0),
        age: .zero, isThis: isThis)
    }
    func values(_ place: Int, isSure: Bool = true) throws -> [String: String] {
      var store = RelayStatus.Store(kind: "postgres", bytes: 1, limitBytes: 2, refusal: nil)
      store.attemptsHeld = isSure ? nil : AttemptHold(.placeLost, reason: "gone")
      let nodes = StoreNodes(
        nodes: [node("a", ["crm"], isThis: place == 0), node("b", ["bi"], isThis: place == 1)],
        unserved: ["lake"], isSure: isSure)
      var status = RelayStatus(
        version: "1", uptime: .zero, store: store,
        destinations: ["bi", "crm", "lake"].map { name in
          var destination = DestinationStatus(name: name)
          destination.pending = 7
          destination.isToldElsewhere = !nodes.tells(of: name)
          return destination
        }, routes: [], configurationHash: "c", configurationLoadedAt: .second(0), reloadErrors: [])
      status.nodes = nodes
      return try read(GaugeReadings(status))
    }
    func pending(_ values: [String: String]) -> [String] {
      ["bi", "crm", "lake"].filter {
        values["huggy_relay_deliveries_pending{destination=\"\($0)\"}"] == "7"
      }
    }
    let (first, second, unsure) = (try values(0), try values(1), try values(0, isSure: false))
    #expect(pending(first) == ["crm", "lake"])
    #expect(pending(second) == ["bi"])
    #expect(pending(unsure) == [], "another one may serve them by now")
    for (name, value) in [
      ("nodes", "2"), ("configurations", "2"), ("destinations_unserved", "1"), ("store_bytes", "1"),
      ("store_limit_bytes", "2"),
    ] {
      #expect(first["huggy_relay_\(name)"] == value, "\(name)")
      #expect(second["huggy_relay_\(name)"] == nil && unsure["huggy_relay_\(name)"] == nil, "\(name)")
    }
    #expect([first, second, unsure].map { $0["huggy_relay_destinations_served"] } == ["1", "1", "0"])
    let held = "huggy_relay_attempts_held{reason=\"place_lost\"}"
    #expect([first, unsure].map { $0[held] } == ["0", "1"])
    let alone = try read(GaugeReadings(version: "1"))
    #expect(alone["huggy_relay_nodes"] == nil && alone["huggy_relay_destinations_served"] == nil)
  }
}

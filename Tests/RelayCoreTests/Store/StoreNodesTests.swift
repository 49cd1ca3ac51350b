import RelayCore
import Testing

/// The relays that share a store, as one of them sees them.
@Suite struct StoreNodesTests {
  private func nodes(_ own: Int?, isSure: Bool = true, hashes: [String] = ["c", "c"]) -> StoreNodes {
    let served = [["bi", "crm"], ["mail"]]
    return StoreNodes(
      nodes: hashes.indices.map { place in
        StoreNodes.Node(
          name: "n\(place)", version: "1", configurationHash: hashes[place], destinations: served[place],
          lastSeen: Timestamp(microseconds: 0), age: .zero, isThis: place == own)
      }, unserved: ["lake"], isSure: isSure)
  }

  private func told(_ nodes: StoreNodes) -> [String] {
    ["bi", "crm", "lake", "mail", "new"].filter { nodes.tells(of: $0) }
  }

  @Test func eachDestinationIsToldOfByOneRelay() {
    #expect(told(nodes(0)) == ["bi", "crm", "lake"])
    #expect(told(nodes(1)) == ["mail"])
  }

  @Test func whoIsNotSureOrNotAmongThemTellsOfNothing() {
    #expect(told(nodes(0, isSure: false)) == [] && !nodes(0, isSure: false).speaksForAll)
    #expect(told(nodes(nil)) == [] && !nodes(nil).speaksForAll)
  }

  @Test func theFirstOfThemSpeaksForAll() {
    #expect(nodes(0).speaksForAll && !nodes(1).speaksForAll)
  }

  @Test func anotherRelayIsNamedByWhatItServes() {
    #expect(nodes(0).other(serving: "mail") == "n1")
    #expect(nodes(0).other(serving: "crm") == nil && nodes(0).other(serving: "lake") == nil)
  }

  @Test func differentConfigurationsAreSeen() {
    #expect(!nodes(0).configurationsDiffer && nodes(0).configurationCount == 1)
    #expect(nodes(0, hashes: ["c", "d"]).configurationsDiffer)
  }
}

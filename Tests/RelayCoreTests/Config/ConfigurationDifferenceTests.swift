import RelayCore
import Testing

@Suite struct ConfigurationDifferenceTests {
  private static var base: Configuration {
    Configuration(
      sources: [Source(name: "huggy", tokens: [Source.Token(value: Secret("one"))])],
      destinations: [
        Destination(name: "crm", url: Secret("https://crm.example/a")),
        Destination(name: "bi", url: Secret("https://bi.example/")),
      ],
      routes: [
        Route(name: "first", match: Match(companies: [.null]), action: .deliver(to: ["crm"])),
        Route(name: "second", action: .deliver(to: ["bi"])),
      ])
  }

  /// As `+ PATH: OLD > NEW`.
  private func differences(_ change: (inout Configuration) -> Void) -> [String] {
    var new = Self.base
    change(&new)
    return Self.base.tree.differences(to: new.tree).map {
      "\($0.kind) \($0.path): \($0.old ?? "-") > \($0.new ?? "-")"
    }
  }

  @Test func theSameDiffersInNothing() { #expect(differences { _ in } == []) }

  @Test func eachKeyThatDiffersIsToldWithBothValues() {
    #expect(
      differences {
        $0.server.maxConnections = 5
        $0.store.retention = .seconds(3600)
        $0.destinations[0].retry.maxAge = .seconds(60)
        $0.destinations[0].rate = Rate(count: 9, per: .seconds(60))
        $0.routes[0].match.companies = [.text(WildcardPattern("15691")), .null]
      } == [
        "changed server.max_connections: 10000 > 5", "changed store.retention: 7d > 1h",
        "changed destinations.crm.rate: unlimited > 9/m", "changed destinations.crm.retry.max_age: 3d > 1m",
        #"changed routes.first.match.company: null > ["15691", null]"#,
      ])
  }

  @Test func ofASecretItIsToldThatItHasChanged() {
    #expect(
      differences {
        $0.sources[0].tokens = [Source.Token(value: Secret("two"))]
        $0.destinations[0].url = Secret("https://crm.example/b")
      } == [
        #"changed sources.huggy.token: "***" > "***""#,
        #"changed destinations.crm.url: "https://crm.example/***" > "https://crm.example/***""#,
      ])
  }

  @Test func whatIsNewOrGoneIsOneDifferenceWithoutItsDefaults() {
    #expect(
      differences {
        $0.destinations.removeFirst()
        var fresh = Destination(name: "new", url: Secret("http://new.example"))
        fresh.concurrency = 3
        $0.destinations.append(fresh)
        $0.routes[0].match.companies = nil
        $0.routes.append(Route(name: "third", action: .drop))
      } == [
        #"removed destinations.crm: { url: "https://crm.example/***" } > -"#,
        #"added destinations.new: - > { url: "http://new.example", concurrency: 3 }"#,
        "removed routes.first.match: { company: null } > -", "added routes.third: - > { drop: true }",
      ])
  }

  @Test func theOrderOfRoutesCountsAndThatOfDestinationsDoesNot() {
    #expect(
      differences {
        $0.routes.reverse()
        $0.destinations.reverse()
      } == ["reordered routes: first, second > second, first"])
  }

  @Test func whatIsNotKnownIsComparedWithNothing() {
    let new = Self.base.tree.naming(
      ValueReferences([
        "sources.huggy.token": .init(references: ["${TOKEN}"], isWhole: true),
        "defaults.timeout": .init(references: ["${T}"], isWhole: true),
        "destinations.bi.timeout": .init(references: [], isWhole: false),
      ]), areResolved: false)
    let found = Self.base.tree.differences(to: new)
    #expect(found.map(\.path) == ["sources.huggy.token", "destinations.crm.timeout"])
    #expect(found.allSatisfy { $0.kind == .unknown })
  }
}

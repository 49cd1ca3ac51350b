import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct RoutingPropertyTests {
  @Test func theIndexNeverChangesADecision() throws {
    var cases = RandomRouting(random: SplitMix64(seed: 7))
    var (matched, unmatched, dropped) = (0, 0, 0)
    for _ in 0..<150 {
      let table = RoutingTable(cases.routes())
      var router = table.router
      for _ in 0..<6 {
        let posted = cases.posted()
        let (decision, explanation) = try posted.view(for: table) { (router.decide($0), table.explain($0)) }
        try #require(decision == explanation.decision, "\(posted): \(table.routes.map(\.route))")
        if decision.matched.isEmpty { unmatched += 1 } else { matched += 1 }
        if decision.isDropped { dropped += 1 }
        let verdicts = explanation.verdicts.indices.filter { explanation.verdicts[$0] == .matched }
        try #require(verdicts == decision.matched)
      }
    }
    // The vocabulary is such that all of it happens.
    #expect(matched > 100 && unmatched > 100 && dropped > 20, "\(matched) \(unmatched) \(dropped)")
  }

  @Test func aThousandRoutesForOtherCompaniesChangeNothing() throws {
    let others = (0..<1_000).map {
      Route(name: "other\($0)", match: .company("c\($0)"), action: .deliver(to: ["x"]))
    }
    let mine = Route(name: "mine", match: .company("15691"), action: .deliver(to: ["y"]))
    let decision = try Posted(#"{"companyID":15691}"#).decision(of: others + [mine] + others)
    #expect(decision.matched == [1_000])
    #expect(decision.targets == [RoutingDecision.Target(destination: "y", route: 1_000)])
  }

  /// To String they are one text.
  @Test func twoSpellingsOfATypeAreTwoTypesAlsoOneAfterAnother() throws {
    let table = RoutingTable([Route(name: "one", match: .event("\u{E9}"), action: .drop)])
    var router = table.router
    let matched = try ["\u{E9}", "e\u{301}", "\u{E9}"].map { type in
      try Posted("{}", type: type).view(for: table) { router.decide($0).matched }
    }
    #expect(matched == [[0], [], [0]])
  }
}

import Testing

@testable import RelayCore

/// What several routes make of an event together.
@Suite struct RouteTests {
  private func to(_ name: String, _ destinations: String..., match: Match = Match(), stop: Bool = false)
    -> Route
  {
    Route(name: name, match: match, action: .deliver(to: destinations), stop: stop)
  }

  private func drop(_ match: Match = Match()) -> Route { Route(name: "drop", match: match, action: .drop) }

  private func target(_ destination: String, _ route: Int) -> RoutingDecision.Target {
    RoutingDecision.Target(destination: destination, route: route)
  }

  @Test func anEventMeetsEveryRouteInOrder() throws {
    let routes = [to("a", "x"), to("b", "y", match: .event("other")), to("c", "z", "w")]
    let decision = try Posted().decision(of: routes)
    #expect(decision.matched == [0, 2])
    #expect(decision.targets == [target("x", 0), target("z", 2), target("w", 2)])
    #expect(!decision.isDropped)
  }

  @Test func aDestinationGetsAnEventOnceFromTheFirstRouteThatNamesIt() throws {
    let decision = try Posted().decision(of: [to("a", "x", "y"), to("b", "y", "z", "x"), to("c", "z")])
    #expect(decision.matched == [0, 1, 2])
    #expect(decision.targets == [target("x", 0), target("y", 0), target("z", 1)])
  }

  @Test func aDropEndsRoutingAndLeavesWhatEarlierRoutesGave() throws {
    let decision = try Posted().decision(of: [to("a", "x"), drop(), to("c", "y")])
    #expect(decision.matched == [0, 1])
    #expect(decision.isDropped)
    #expect(decision.targets == [target("x", 0)])
    #expect(try Posted().decision(of: [drop(.event("other")), to("c", "y")]).targets == [target("y", 1)])
  }

  @Test func aStopKeepsLaterRoutesFromWhatItMatched() throws {
    let stopping = to("a", "x", match: .field("f", .oneOf("1")), stop: true)
    let decision = try Posted(#"{"f":1}"#).decision(of: [stopping, to("b", "y"), drop()])
    #expect(decision == RoutingDecision.made(of: [0], [target("x", 0)]))
    #expect(try Posted(#"{"f":2}"#).decision(of: [stopping, to("b", "y")]).targets == [target("y", 1)])
  }

  @Test func anEventThatNoRouteMeetsGoesNowhere() throws {
    #expect(try Posted().decision(of: []) == RoutingDecision())
    #expect(try Posted().decision(of: [to("a", "x", match: .event("other"))]) == RoutingDecision())
  }

  @Test func anExceptExcludesWhatItMatches() throws {
    let route = Route(
      name: "a", match: .event("received*"), except: [.field("senderType", .oneOf("bot"))],
      action: .deliver(to: ["x"]))
    #expect(try Posted(#"{"senderType":"bot"}"#).decision(of: [route]).matched.isEmpty)
    #expect(try Posted(#"{"senderType":"agent"}"#).decision(of: [route]).matched == [0])
    #expect(try Posted("{}").decision(of: [route]).matched == [0])
    #expect(try Posted("{}", type: "other").decision(of: [route]).matched.isEmpty)
  }

  @Test func anyBlockOfExceptExcludesAndABlockMustHoldWhole() throws {
    var both = Match.field("a", .oneOf("1"))
    both.channels = .words("widget", ignoringCase: true)
    let route = Route(
      name: "r", except: [both, .company("7"), Match(sources: .words("test"))], action: .deliver(to: ["x"]))
    for (posted, expected) in [
      (Posted(#"{"a":1,"channel":"Widget"}"#), false), (Posted(#"{"a":1,"channel":"phone"}"#), true),
      (Posted(#"{"a":2,"channel":"widget"}"#), true), (Posted(#"{"companyID":7}"#), false),
      (Posted(source: "test"), false), (Posted(), true), (Posted(company: "7"), false),
    ] { #expect(try posted.decision(of: [route]).matched.isEmpty == !expected, "\(posted)") }
  }

  @Test func anExcludedDropDropsNothing() throws {
    let route = Route(name: "d", except: [.event("created*")], action: .drop)
    #expect(try Posted(type: "createdChat").decision(of: [route, to("b", "y")]).targets == [target("y", 1)])
    #expect(try Posted(type: "closedChat").decision(of: [route, to("b", "y")]).targets.isEmpty)
  }
}

extension RoutingDecision {
  fileprivate static func made(of matched: [Int], _ targets: [Target]) -> RoutingDecision {
    var decision = RoutingDecision()
    decision.matched = matched
    decision.targets = targets
    return decision
  }
}

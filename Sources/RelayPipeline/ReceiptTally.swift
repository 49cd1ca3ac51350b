import RelayCore

/// What is counted of an envelope once it is accepted: not before, or a redelivery would count twice.
struct ReceiptTally: Sendable {
  /// Of each event.
  private var types: [String] = []
  /// Places in the routing table, once for each event that the route matched.
  private var matches: [Int] = []
  private var drops: [Int] = []
  private var unrouted = 0

  mutating func note(_ type: String, _ decision: RoutingDecision) {
    types.append(type)
    if decision.matched.isEmpty {
      unrouted += 1
    } else if decision.isDropped {
      matches += decision.matched.dropLast()
      drops.append(decision.matched.last!)
    } else {
      matches += decision.matched
    }
  }

  func count(into source: SourceMetrics, routes: [RouteMetrics]) {
    source.envelope(.accepted)
    for type in types { source.events(type) }
    if unrouted > 0 { source.unrouted(unrouted) }
    for place in matches { routes[place].match(isDrop: false) }
    for place in drops { routes[place].match(isDrop: true) }
  }
}

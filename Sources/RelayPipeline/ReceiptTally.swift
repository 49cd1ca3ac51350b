import RelayCore

/// What is counted of an envelope once it is accepted: not before, or a redelivery would count twice.
///
/// It is counted on the store's thread, between two commits: so what can be looked up is looked up before.
struct ReceiptTally: Sendable {
  /// Where each type is counted, and how often it follows itself.
  private var types: [(place: Int, count: Int)] = []
  private var lastType: String?
  /// Places in the routing table, once for each event that the route matched.
  private var matches: [Int] = []
  private var drops: [Int] = []
  private var unrouted = 0

  mutating func note(_ type: String, _ decision: RoutingDecision, _ source: SourceMetrics) {
    if type == lastType {
      types[types.count - 1].count += 1
    } else {
      types.append((source.place(ofType: type), 1))
      lastType = type
    }
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
    for type in types { source.events(at: type.place, type.count) }
    if unrouted > 0 { source.unrouted(unrouted) }
    for place in matches { routes[place].match(isDrop: false) }
    for place in drops { routes[place].match(isDrop: true) }
  }
}

import RelayJSON

/// The routes, compiled once: which destinations an event goes to.
///
/// Routes are indexed by event type and company, so an event meets only those that could match both: a thousand
/// routes for other companies cost it nothing. An object, since each envelope holds on to the table that it met.
package final class RoutingTable: Sendable {
  /// What the scanner is to note in each event: the standard fields, then each path that a condition names.
  package let fields: FieldTree
  package let routes: [CompiledRoute]
  private let index: CandidateIndex

  package init(_ routes: [Route]) {
    var slots = FieldSlots()
    self.routes = routes.enumerated().map { CompiledRoute($1, number: $0, slots: &slots) }
    fields = FieldTree(paths: slots.paths)
    index = CandidateIndex(routes)
  }

  /// Meets every route that could match, top to bottom.
  package func decide(_ event: EventView) -> RoutingDecision {
    var router = router
    return router.decide(event)
  }

  /// For the events of one envelope.
  package var router: Router { Router(self) }

  /// Decides for events one after another: most that come together are of one type, whose candidates are looked up once.
  package struct Router {
    private let table: RoutingTable
    private var last: (type: String, candidates: CandidateIndex.OfType)?

    fileprivate init(_ table: RoutingTable) { self.table = table }

    package mutating func decide(_ event: EventView) -> RoutingDecision {
      let candidates: CandidateIndex.OfType
      // As bytes: to String other Unicode spellings of a type are the same text, and other patterns match them.
      if let last, last.type.utf8.elementsEqual(event.type.utf8) {
        candidates = last.candidates
      } else {
        candidates = table.index.candidates(ofType: event.type)
        last = (event.type, candidates)
      }
      var decision = RoutingDecision()
      candidates.forEach(company: event.company) { number in
        let route = table.routes[number]
        guard route.firstFailure(for: event) == nil else { return true }
        guard decision.matched.isEmpty else { return decision.take(route.route, number: number) }
        decision = route.alone
        return route.goesOn
      }
      return decision
    }
  }

  /// An event as it is to be stored, going where this table has decided.
  package func newEvent(_ event: Event, _ decision: RoutingDecision) -> NewEnvelope.NewEvent {
    if decision.matched.count == 1 {
      let route = routes[decision.matched[0]]
      return NewEnvelope.NewEvent(
        event: event, routes: route.routeNames, isDropped: decision.isDropped, deliveries: route.deliveries)
    }
    return NewEnvelope.NewEvent(
      event: event, routes: decision.matched.map { routes[$0].route.name }, isDropped: decision.isDropped,
      deliveries: decision.targets.map {
        NewEnvelope.NewDelivery(destination: $0.destination, route: routes[$0.route].route.name)
      })
  }
}

/// What routing made of an event.
package struct RoutingDecision: Sendable, Equatable {
  package struct Target: Sendable, Equatable {
    package var destination: String
    /// The first route that named it, by its place in the table.
    package var route: Int
  }

  /// The routes that matched, by their place in the table.
  package var matched: [Int] = []
  /// Whether the last of them dropped it.
  package var isDropped = false
  /// Each destination once, in the order in which routes named them.
  package var targets: [Target] = []

  /// Applies a route that matched.
  ///
  /// - Returns: Whether later routes see the event.
  mutating func take(_ route: Route, number: Int) -> Bool {
    matched.append(number)
    switch route.action {
    case .drop:
      isDropped = true
      return false
    case .deliver(let destinations):
      for destination in destinations where !targets.contains(where: { $0.destination == destination }) {
        targets.append(Target(destination: destination, route: number))
      }
      return !route.stop
    }
  }
}

/// Gives each field path that conditions name its slot.
struct FieldSlots {
  private(set) var paths: [[String]] = StandardField.allCases.map(\.path)
  /// Keys as bytes, as the field tree has them: String would also find other Unicode spellings of the same text.
  private var slots: [[[UInt8]]: Int] = [:]

  init() {
    for (slot, path) in paths.enumerated() { slots[Self.bytes(of: path)] = slot }
  }

  mutating func slot(for path: FieldPath) -> Int {
    let bytes = Self.bytes(of: path.keys)
    if let slot = slots[bytes] { return slot }
    paths.append(path.keys)
    slots[bytes] = paths.count - 1
    return paths.count - 1
  }

  private static func bytes(of keys: [String]) -> [[UInt8]] { keys.map { Array($0.utf8) } }
}

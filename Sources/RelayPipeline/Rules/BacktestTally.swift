import RelayCore

/// Asks two sets of rules about one stored event after another, and adds up where they differ.
struct BacktestTally {
  /// One side of the comparison.
  private struct Side {
    let table: RoutingTable
    var router: StoredEventRouter

    init(_ configuration: Configuration) {
      table = RoutingTable(configuration.routes)
      router = StoredEventRouter(table)
    }
  }

  private(set) var report: BacktestReport
  private var running: Side
  private var new: Side
  private let maxExamples: Int
  /// Where each destination stands in the report.
  private var places: [String: Int] = [:]
  private var exampleCounts: [String: [RoutingChange.Kind: Int]] = [:]

  init(running: Configuration, new: Configuration, examples: Int) {
    report = BacktestReport(hash: new.hash, runningHash: running.hash)
    self.running = Side(running)
    self.new = Side(new)
    maxExamples = examples
    for destination in running.destinations + new.destinations { _ = place(of: destination.name) }
  }

  /// - Parameter event: With its body.
  mutating func add(_ event: EventRecord) {
    report.counts.events += 1
    guard let before = running.router.decide(event), let after = new.router.decide(event) else {
      report.counts.withoutBody += 1
      return
    }
    let (old, next) = (before.targets.map(\.destination), after.targets.map(\.destination))
    let sent = event.deliveries.lazy.filter { $0.run == 0 }.map(\.destination)
    for name in sent { report.destinations[place(of: name)].sent += 1 }
    for name in old { report.destinations[place(of: name)].running += 1 }
    for name in next { report.destinations[place(of: name)].new += 1 }
    if Set(sent) != Set(old) { report.counts.otherwiseRouted += 1 }
    countFate(before, after)
    guard Set(old) != Set(next) else { return report.counts.unchanged += 1 }
    for target in before.targets where !next.contains(target.destination) {
      count(.lost, event, target, route: running.table.routes[target.route].route.name)
    }
    for target in after.targets where !old.contains(target.destination) {
      count(.gained, event, target, route: new.table.routes[target.route].route.name)
    }
  }

  private mutating func countFate(_ before: RoutingDecision, _ after: RoutingDecision) {
    switch (before.targets.isEmpty, after.targets.isEmpty) {
    case (true, false): report.counts.newlyRouted += 1
    case (false, true) where after.isDropped: report.counts.newlyDropped += 1
    case (false, true): report.counts.newlyUnrouted += 1
    case (true, true), (false, false): break
    }
  }

  private mutating func count(
    _ kind: RoutingChange.Kind, _ event: EventRecord, _ target: RoutingDecision.Target, route: String
  ) {
    let place = place(of: target.destination)
    switch kind {
    case .gained: report.destinations[place].gained += 1
    case .lost: report.destinations[place].lost += 1
    }
    guard exampleCounts[target.destination]?[kind] ?? 0 < maxExamples else { return }
    exampleCounts[target.destination, default: [:]][kind, default: 0] += 1
    report.examples.append(
      RoutingChange(
        kind: kind, destination: target.destination, event: event.id, type: event.type,
        receivedAt: event.receivedAt, company: event.company, route: route,
        because: because(kind, event, of: target.destination, route: route)))
  }

  /// Where the destination stands in the report: at its end, if it is in neither configuration.
  private mutating func place(of name: String) -> Int {
    if let place = places[name] { return place }
    places[name] = report.destinations.count
    report.destinations.append(DestinationChanges(name: name))
    return report.destinations.count - 1
  }

  // MARK: What decided

  private mutating func because(
    _ kind: RoutingChange.Kind, _ event: EventRecord, of destination: String, route: String
  ) -> String {
    switch kind {
    case .lost: Self.words(on: route, to: destination, of: new.table, new.router.explain(event), isNew: true)
    case .gained:
      Self.words(on: route, to: destination, of: running.table, running.router.explain(event), isNew: false)
    }
  }

  /// What the rules that do not send the event to the destination say of a route of the other ones, which does.
  ///
  /// - Parameter isNew: They are the new rules.
  private static func words(
    on route: String, to destination: String, of table: RoutingTable, _ explanation: Explanation?, isNew: Bool
  ) -> String {
    guard let explanation else { return "" }
    if let place = table.routes.firstIndex(where: { $0.route.name == route }) {
      let verdict = explanation.verdicts[place]
      guard verdict == .matched else { return verdict.words(of: table.routes[place].route) }
      return isNew ? "it no longer sends to \(destination)" : "it did not send to \(destination)"
    }
    // Renamed, perhaps: then the one that has taken its place says why.
    let others = zip(table.routes, explanation.verdicts).filter { $0.0.route.sends(to: destination) }
    let gone = isNew ? "this route is gone" : "this route is new"
    guard let (other, verdict) = others.first else { return gone }
    return "\(gone); \(other.route.name): \(verdict.words(of: other.route))"
  }
}

extension Route {
  fileprivate func sends(to destination: String) -> Bool {
    switch action {
    case .drop: false
    case .deliver(let destinations): destinations.contains(destination)
    }
  }
}

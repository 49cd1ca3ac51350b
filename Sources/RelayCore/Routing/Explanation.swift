/// Why an event goes where it goes: every route's verdict, in the routes' order.
package struct Explanation: Sendable, Equatable {
  package enum Verdict: Sendable, Equatable {
    case matched
    /// In words: the condition that failed first, and what it saw.
    case failed(condition: String, saw: String)
    /// A block of `except` held.
    case excluded(condition: String)
    /// This earlier route dropped the event, or stopped.
    case notReached(after: String)
  }

  /// A condition that held, and what it saw.
  package struct Met: Sendable, Equatable {
    package var condition: String
    package var saw: String
  }

  package var verdicts: [Verdict]
  /// For each verdict, the conditions that held; none where the route does not match.
  package var met: [[Met]] = []
  package var decision: RoutingDecision
}

extension RoutingTable {
  /// Asks every route, without the index that `decide` uses: the decision is the same.
  package func explain(_ event: EventView) -> Explanation {
    var explanation = Explanation(verdicts: [], decision: RoutingDecision())
    var ending: String?
    for (number, route) in routes.enumerated() {
      if let ending {
        explanation.add(.notReached(after: ending))
      } else if let failure = route.firstFailure(for: event) {
        explanation.add(route.verdict(on: failure, for: event))
      } else {
        explanation.add(.matched, met: route.met(by: event))
        if !explanation.decision.take(route.route, number: number) { ending = route.route.name }
      }
    }
    return explanation
  }
}

extension Explanation {
  fileprivate mutating func add(_ verdict: Verdict, met conditions: [Met] = []) {
    verdicts.append(verdict)
    met.append(conditions)
  }
}

extension CompiledRoute {
  fileprivate func met(by event: EventView) -> [Explanation.Met] {
    route.match.conditions.map { .init(condition: route.match.describe($0), saw: seen(by: $0, in: event)) }
  }

  fileprivate func verdict(on failure: RouteFailure, for event: EventView) -> Explanation.Verdict {
    switch failure {
    case .match(let condition):
      .failed(condition: route.match.describe(condition), saw: seen(by: condition, in: event))
    case .except(let block): .excluded(condition: route.except[block].description)
    }
  }
}

extension Match: CustomStringConvertible {
  func describe(_ failure: ConditionFailure) -> String {
    switch failure {
    case .source: "source: \(list(sources))"
    case .event: "event: \(list(events))"
    case .company: "company: \(list(companies))"
    case .channel: "channel: \(list(channels))"
    case .field(let number): "\(fields[number].path): \(fields[number].test)"
    }
  }

  package var description: String { conditions.map(describe).joined(separator: ", ") }

  /// In the order in which they are asked.
  fileprivate var conditions: [ConditionFailure] {
    var conditions: [ConditionFailure] = []
    if sources != nil { conditions.append(.source) }
    if events != nil { conditions.append(.event) }
    if companies != nil { conditions.append(.company) }
    if channels != nil { conditions.append(.channel) }
    return conditions + fields.indices.map { .field($0) }
  }

  private func list(_ patterns: [some CustomStringConvertible]?) -> String {
    let texts = (patterns ?? []).map(\.description)
    return texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
  }
}

extension Explanation.Verdict {
  /// For people: that it matched and what it does then, or why not.
  package func words(of route: Route) -> String {
    switch self {
    case .matched:
      switch route.action {
      case .drop: "matched: dropped"
      case .deliver(let destinations):
        "matched: to \(destinations.joined(separator: ", "))\(route.stop ? "; no later route" : "")"
      }
    case .failed(let condition, let saw): "no: wants \(condition); saw \(saw)"
    case .excluded(let condition): "no: excepted by \(condition)"
    case .notReached(let after): "not reached: \(after) ended the routing"
    }
  }
}

extension RoutingDecision {
  /// For people: where the event goes.
  package var summary: String {
    if !targets.isEmpty { return targets.map(\.destination).joined(separator: ", ") }
    return isDropped ? "dropped" : matched.isEmpty ? "no route matched" : "no destination"
  }
}

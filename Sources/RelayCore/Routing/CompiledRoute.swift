/// A route whose field paths have become slots. An object, since each event that it is tried on asks for it.
package final class CompiledRoute: Sendable {
  package let route: Route
  /// What is decided of an event that this route alone matches, as nearly all are matched by one: made once, and shared.
  let alone: RoutingDecision
  /// Whether later routes see an event that it has matched.
  let goesOn: Bool
  /// For `alone`: what is stored with the event.
  let routeNames: [String]
  let deliveries: [NewEnvelope.NewDelivery]
  private let match: CompiledMatch
  private let except: [CompiledMatch]

  /// - Parameter number: Its place in the table.
  init(_ route: Route, number: Int, slots: inout FieldSlots) {
    self.route = route
    var alone = RoutingDecision()
    goesOn = alone.take(route, number: number)
    self.alone = alone
    routeNames = [route.name]
    deliveries = alone.targets.map {
      NewEnvelope.NewDelivery(destination: $0.destination, route: route.name)
    }
    match = CompiledMatch(route.match, slots: &slots)
    except = route.except.map { CompiledMatch($0, slots: &slots) }
  }

  /// Why the route does not match; nil if it does. `serve` and `explain` both ask here.
  package func firstFailure(for event: EventView) -> RouteFailure? {
    if let failure = match.firstFailure(for: event) { return .match(failure) }
    if let exclusion = except.firstIndex(where: { $0.firstFailure(for: event) == nil }) {
      return .except(block: exclusion)
    }
    return nil
  }

  /// What the event had where a test failed, for people: a text, several, `null` or `absent`.
  package func seen(by failure: ConditionFailure, in event: EventView) -> String {
    switch failure {
    case .source: event.source
    case .event: event.type
    case .company: event.company ?? "absent"
    case .channel: event.channel ?? "absent"
    case .field(let number): match.fields[number].seen(in: event)
    }
  }
}

/// Which part of a route did not let an event through.
package enum RouteFailure: Sendable, Equatable {
  case match(ConditionFailure)
  /// This block of `except` held.
  case except(block: Int)
}

/// The first test of a match that failed.
package enum ConditionFailure: Sendable, Equatable {
  case source, event, company, channel
  /// By its place in `where`.
  case field(Int)
}

struct CompiledMatch: Sendable {
  let match: Match
  let fields: [CompiledCondition]

  init(_ match: Match, slots: inout FieldSlots) {
    self.match = match
    fields = match.fields.map { CompiledCondition(slot: slots.slot(for: $0.path), test: $0.test) }
  }

  func firstFailure(for event: EventView) -> ConditionFailure? {
    if let sources = match.sources, !sources.contains(where: { $0.matches(event.source) }) { return .source }
    if let events = match.events, !events.contains(where: { $0.matches(event.type) }) { return .event }
    if let companies = match.companies, !companies.contains(event.company) { return .company }
    if let channels = match.channels, !channels.contains(event.channel) { return .channel }
    for (number, field) in fields.enumerated() where !field.holds(in: event) { return .field(number) }
    return nil
  }
}

extension [ScalarPattern] {
  /// Whether one of them is met by an attribute that may be absent.
  func contains(_ text: String?) -> Bool {
    contains { pattern in
      switch pattern {
      case .null: text == nil
      case .text(let pattern): text.map { pattern.matches($0) } ?? false
      }
    }
  }
}

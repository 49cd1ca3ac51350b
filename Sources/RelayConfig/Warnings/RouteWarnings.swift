import RelayCore

extension ConfigNode {
  /// Warns of what is valid, and yet of no use.
  func warn(aboutRoutes routes: [ReadRoute], destinations: [ReadDestination]) {
    for route in routes { route.warnAboutImpossibleConditions(in: reading) }
    var shadows = RouteShadows()
    for route in routes { shadows.check(route, in: reading) }
    let named = Set(routes.flatMap { $0.route.destinationNames })
    guard !routes.isEmpty, !named.contains(Self.unresolvedDestination) else { return }
    for destination in destinations where !named.contains(destination.name) {
      reading.report(
        "no route names this destination: nothing goes there, but what is replayed", at: destination.location,
        severity: .warning)
    }
    let all = routes.map(\.route)
    for destination in destinations { destination.warnAboutTypes(of: all, in: reading) }
  }
}

extension Route {
  var destinationNames: [String] {
    if case .deliver(let names) = action { names } else { [] }
  }
}

extension ReadRoute {
  /// Warns of documented types that the route asks for and can never match.
  func warnAboutImpossibleConditions(in reading: Reading) {
    guard let events = route.match.events else {
      return warn(about: DocumentedEvents.all, askedFor: "no documented event has", in: reading)
    }
    for (pattern, event) in zip(events, match.events) {
      let types = DocumentedEvents.all.filter { pattern.matches($0.name) }
      if pattern.literal != nil {
        for type in types {
          guard let condition = route.match.impossibleCondition(for: type) else { continue }
          let message = "\(type.name) events have no \(condition.missing): this route can never match them"
          reading.report(message, at: self.location(of: condition, or: event.location), severity: .warning)
        }
      } else {
        let asked = "no documented event that \(event.shown) matches has"
        warn(about: types, askedFor: asked, in: reading)
      }
    }
  }

  /// Warns if none of the types could ever match.
  private func warn(about types: [DocumentedEvents.EventType], askedFor asked: String, in reading: Reading) {
    let conditions = types.map { route.match.impossibleCondition(for: $0) }
    guard let first = conditions.first, let first, !conditions.contains(nil) else { return }
    let location = location(of: first, or: location)
    if conditions.allSatisfy({ $0 == first }) {
      reading.report(
        "\(asked) \(first.missing): this route can never match one", at: location, severity: .warning)
    } else {
      let list = zip(types, conditions).map { "\($0.name) no \($1?.missing ?? "")" }.joined(separator: ", ")
      reading.report(
        "no documented event can meet all conditions (\(list)): this route can never match one", at: location,
        severity: .warning)
    }
  }

  private func location(of condition: ImpossibleCondition, or other: Location) -> Location {
    switch condition.subject {
    case .field(let index): match.fields.indices.contains(index) ? match.fields[index] : other
    case .channel: match.channel ?? other
    }
  }
}

/// A condition of a match that events of some type can never meet.
struct ImpossibleCondition: Equatable {
  enum Subject: Hashable {
    /// By its index in `Match.fields`.
    case field(Int)
    case channel
  }

  var subject: Subject
  /// `'chat.situation'`, or `channel`: what the events have none of.
  var missing: String
}

extension Match {
  /// The first condition that events of the type can never meet, for want of the field.
  func impossibleCondition(for type: DocumentedEvents.EventType) -> ImpossibleCondition? {
    if let channels, !type.hasChannel, !channels.contains(.null) {
      return ImpossibleCondition(subject: .channel, missing: "channel")
    }
    for (index, field) in fields.enumerated()
    where !type.documents(field.path) && !field.test.isSatisfiedByAbsence {
      return ImpossibleCondition(subject: .field(index), missing: "'\(field.path)'")
    }
    return nil
  }
}

extension FieldTest {
  /// Whether an event without the field meets the test.
  var isSatisfiedByAbsence: Bool {
    switch self {
    case .equalsAny(let patterns): patterns.contains(.null)
    case .not(let test): !test.isSatisfiedByAbsence
    case .exists(let expected): !expected
    case .contains, .compare: false
    case .all(let tests): tests.allSatisfy(\.isSatisfiedByAbsence)
    }
  }
}

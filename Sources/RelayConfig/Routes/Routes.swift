import RelayCore
import RelayText

/// What routes may name.
struct RouteContext {
  var sources: [String]
  var destinations: [String]
}

/// A route, and where its parts stand.
struct ReadRoute {
  var route: Route
  var location: Location
  var match: MatchLocations
}

extension ConfigNode {
  /// `routes`. A route that is wrong is reported and left out.
  func routes(in context: RouteContext) -> [ReadRoute] {
    guard !mayBeNull else { return [] }
    guard isSequence || reading.isProbing else {
      error("expected a list of routes ('- name: …'), found \(kind)")
      return []
    }
    guard let items = items("a list of routes", isAlwaysList: true, emptyFault: nil) else { return [] }
    var names: Set<String> = []
    return items.compactMap { item in
      item.routeNamedInPaths(unless: names).route(in: context, names: &names)
    }
  }

  /// The same route with its name in its key path, where it has a valid one of its own.
  private func routeNamedInPaths(unless taken: Set<String>) -> ConfigNode {
    guard let name = node.text(ofValueAt: "name"), Names.isValid(name), !taken.contains(name) else {
      return self
    }
    return renamed("routes.\(name)")
  }

  private func route(in context: RouteContext, names: inout Set<String>) -> ReadRoute? {
    guard var section = section("a mapping with name, match, and to or drop") else { return nil }
    let name = routeName(section.take("name", isRequired: true), names: &names)
    let match = section.take("match").map { $0.match(in: context) } ?? (Match(), MatchLocations())
    let except = section.take("except").map { $0.exceptions(in: context) } ?? []
    let to = section.entry("to")
    let drop = section.entry("drop")
    section.needsOne(of: "to", "drop")
    let action = action(to: to, drop: drop, in: context)
    let stop = section.take("stop").map { $0.bool() } ?? false
    section.finish()
    guard let name, let match, let except, let action, let stop else { return nil }
    let route = Route(name: name, match: match.0, except: except, action: action, stop: stop)
    return ReadRoute(route: route, location: location, match: match.1)
  }

  private func routeName(_ node: ConfigNode?, names: inout Set<String>) -> String? {
    guard let node else {
      error("name is missing; every route has a name of its own")
      return nil
    }
    let placeholder = "placeholder-\(names.count)"
    let name = node.value("a name", form: .spelled(Names.pattern), placeholder: placeholder) {
      text throws(Fault) in
      guard Names.isValid(text) else { throw Fault(Names.fault) }
      return text
    }
    if let name, !names.insert(name).inserted {
      node.error("another route has this name; give each its own")
      return nil
    }
    return name
  }
}

extension ConfigNode {
  private func action(to: Section.Entry?, drop: Section.Entry?, in context: RouteContext) -> Route.Action? {
    switch (to, drop) {
    case (nil, nil):
      error("a route has exactly one of to and drop; add to: DESTINATION, or drop: true")
      return nil
    case (let to?, let drop?):
      reading.report("a route has exactly one of to and drop; remove one of the two", at: drop.location)
      _ = to.value.destinationNames(in: context)
      drop.value.probe?.may(be: .scalar(.onlyTrue), "true")
      return nil
    case (let to?, nil): return to.value.destinationNames(in: context).map { .deliver(to: $0) }
    case (nil, let drop?):
      guard let drops = drop.value.bool(placeholder: true) else { return nil }
      guard drops else {
        drop.value.error("drop can only be true; remove drop, and say where events go with to")
        return nil
      }
      return .drop
    }
  }

  /// Stands for a name that is not resolved (`check --no-env`); no destination can have it.
  static let unresolvedDestination = ""

  private func destinationNames(in context: RouteContext) -> [String]? {
    let emptyFault = "an empty list sends nothing anywhere; name a destination, or write drop: true"
    guard let items = items("a destination's name or a list of names", emptyFault: emptyFault) else {
      return nil
    }
    var names: [String] = []
    var isValid = true
    for item in items {
      let name = item.value("a destination's name", placeholder: Self.unresolvedDestination) {
        text throws(Fault) in
        guard context.destinations.contains(text) else {
          let known = context.destinations
          throw Fault("is no destination\(NearestName.hint(for: text, among: known, called: "destinations"))")
        }
        guard !names.contains(text) else { throw Fault("stands twice; an event reaches a destination once") }
        return text
      }
      if let name { names.append(name) } else { isValid = false }
    }
    return isValid ? names : nil
  }
}

import RelayCore

extension ConfigNode {
  /// Warns of what is valid, and yet of no use.
  func warn(aboutRoutes routes: [ReadRoute], destinations: [ReadDestination]) {
    for route in routes { route.warnAboutImpossibleConditions(in: reading) }
    warnAboutUnreachable(routes)
    let named = Set(routes.flatMap { $0.route.destinationNames })
    guard !routes.isEmpty, !named.contains(Self.unresolvedDestination) else { return }
    for destination in destinations where !named.contains(destination.name) {
      reading.report(
        "no route names this destination: nothing goes there", at: destination.place, severity: .warning)
    }
  }

  private func warnAboutUnreachable(_ routes: [ReadRoute]) {
    guard let last = routes.firstIndex(where: { $0.route.endsEverything }) else { return }
    let ending = routes[last].place
    for route in routes[(last + 1)...] {
      reading.report(
        "no event gets here: \(ending.keyPath), at line \(ending.line), matches every event and ends its "
          + "routing; move this route before it",
        at: route.place, severity: .warning)
    }
  }
}

extension Route {
  fileprivate var destinationNames: [String] {
    if case .deliver(let names) = action { names } else { [] }
  }

  /// Whether no event gets past the route.
  fileprivate var endsEverything: Bool {
    (stop || action == .drop) && except.isEmpty && match.matchesEverything
  }
}

extension Match {
  fileprivate var matchesEverything: Bool {
    let isFree = { (patterns: [WildcardPattern]?) in patterns?.contains(where: \.matchesEverything) ?? true }
    return isFree(sources) && isFree(events) && companies == nil && channels == nil && fields.isEmpty
  }
}

import RelayCore

extension ConfigNode {
  /// Warns of what is valid, and yet of no use.
  func warn(aboutRoutes routes: [ReadRoute], destinations: [ReadDestination]) {
    for route in routes { route.warnAboutImpossibleConditions(in: reading) }
    var shadows = RouteShadows()
    for route in routes { shadows.meet(route, in: reading) }
    let named = Set(routes.flatMap { $0.route.destinationNames })
    guard !routes.isEmpty, !named.contains(Self.unresolvedDestination) else { return }
    for destination in destinations where !named.contains(destination.name) {
      reading.report(
        "no route names this destination: nothing goes there", at: destination.place, severity: .warning)
    }
  }
}

extension Route {
  fileprivate var destinationNames: [String] {
    if case .deliver(let names) = action { names } else { [] }
  }
}

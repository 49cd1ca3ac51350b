import RelayCore

extension ConfigNode {
  /// The whole of routes.yaml. What is wrong is reported, and then stands for nothing.
  func configuration() -> Configuration {
    var configuration = Configuration()
    guard var section = section("a mapping with server, store, sources, destinations and routes") else {
      return configuration
    }
    if let server = section.take("server") { configuration.server = server.serverSettings() }
    configuration.store = storeSettings(section.take("store"))
    configuration.sources = sources(section.take("sources"))

    let defaults = section.take("defaults").map(DestinationReader.defaults) ?? DestinationReader()
    let destinations = (section.take("destinations")).map { $0.destinations(defaults: defaults) } ?? []
    configuration.destinations = destinations.compactMap(\.destination)

    let context = RouteContext(
      sources: section.entries.first { $0.key == "sources" }?.value.keyNames ?? [],
      destinations: destinations.map(\.name))
    let routes = section.take("routes")?.routes(in: context) ?? []
    configuration.routes = routes.map(\.route)
    section.finish()

    if routes.isEmpty {
      let place = section.entries.first { $0.key == "routes" }?.place ?? place
      reading.report("there are no routes: no event goes anywhere", at: place, severity: .warning)
    }
    warn(aboutRoutes: routes, destinations: destinations)
    reading.warnAboutOwnAddress(destinations, of: configuration)
    return configuration
  }

  /// The keys of a mapping, also of those whose values are wrong.
  private var keyNames: [String] {
    guard case .mapping(let mapping) = node else { return [] }
    return mapping.compactMap { $0.key.scalar?.string }
  }
}

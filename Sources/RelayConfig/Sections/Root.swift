import RelayCore
import RelayText

extension ConfigNode {
  /// The whole of routes.yaml. What is wrong is reported, and then stands for nothing.
  func configuration() -> Configuration {
    var configuration = Configuration()
    guard var section = section("a mapping with server, store, sources, destinations and routes") else {
      return configuration
    }
    let server = section.take("server")
    if let server { configuration.server = server.serverSettings() }
    configuration.store = storeSettings(section.take("store"))
    let sourcesNode = section.take("sources", isRequired: true)
    configuration.sources = sources(sourcesNode)

    let proxies = reading.environmentProxies
    let defaults =
      section.take("defaults").map { DestinationReader.defaults($0, proxies: proxies) }
      ?? DestinationReader(proxies: proxies)
    let destinations = (section.take("destinations")).map { $0.destinations(defaults: defaults) } ?? []
    configuration.destinations = destinations.compactMap(\.destination)
    configuration.notify =
      section.take("notify").map { $0.noticeReceivers(about: configuration.sources) } ?? []
    let egress = section.take("egress")?.egressPolicy()
    configuration.setEgress(egress ?? configuration.egress)

    let context = RouteContext(
      sources: section.entries.first { $0.key == "sources" }?.value.keyNames ?? [],
      destinations: destinations.map(\.name))
    let routes = section.take("routes")?.routes(in: context) ?? []
    configuration.routes = routes.map(\.route)
    section.finish()

    if routes.isEmpty {
      let location = section.entries.first { $0.key == "routes" }?.location ?? location
      reading.report("there are no routes: no event goes anywhere", at: location, severity: .warning)
    }
    warn(aboutRoutes: routes, destinations: destinations)
    reading.warnAboutOwnAddress(destinations, of: configuration)
    if !reading.isProbing {
      reading.checkNetwork(destinations, of: configuration)
      reading.warnAboutAllow(of: configuration, sources: sourcesNode)
      reading.checkAttachments(destinations, of: configuration, sources: sourcesNode, server: server)
    }
    return configuration
  }

  /// The keys of a mapping, also of those whose values are wrong.
  private var keyNames: [String] {
    guard case .mapping(let pairs) = node.content else { return [] }
    return pairs.compactMap(\.key.text)
  }
}

/// Names of sources, destinations and routes: they stand in logs, metrics, headers and addresses.
enum Names {
  static func isValid(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "_.-".utf8.contains($0)
        }
      }
  }

  /// The same as a regular expression.
  static let pattern = "^[A-Za-z0-9_.-]{1,64}$"

  static let fault = "is not a name; use 1 to 64 of A-Z a-z 0-9 _ . -"
}

extension Section.Entry {
  /// Whether the key may name a source or destination. Reports it if not.
  func hasValidName() -> Bool {
    guard !Names.isValid(key) else { return true }
    value.reading.report("\(key.quotedForMessage) \(Names.fault)", at: location)
    return false
  }
}

extension String {
  /// Without control characters.
  var isOneLine: Bool { utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
}

/// A proxy that requests go through: `http://HOST:PORT`. What it is told beyond that (a name, a password) stands in `url`.
package struct ProxyAddress: Hashable, Sendable {
  /// As libcurl takes it. May hold credentials: never printed whole.
  package var url: Secret
  /// Without brackets.
  package var host: String
  package var port: Int
  package var hasCredentials: Bool

  /// Reads `http://[USER:PASSWORD@]HOST:PORT`, the scheme in any case; nil for anything else.
  package init?(_ text: String) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
      text.prefix(7).utf8.elementsEqual("http://".utf8, by: { $0 == $1 || ($0 | 0x20) == $1 })
    else { return nil }
    var place = text.dropFirst(7)
    if place.hasSuffix("/") { place = place.dropLast() }
    guard !place.utf8.contains(where: { "/?#".utf8.contains($0) }) else { return nil }
    hasCredentials = place.contains("@")
    if let at = place.lastIndex(of: "@") { place = place[place.index(after: at)...] }
    // Without a port libcurl would take one that hardly any proxy has.
    guard let name = HostName(String(place)), let port = name.port, (1...65_535).contains(port) else {
      return nil
    }
    (host, self.port) = (name.name, port)
    url = Secret(text)
  }

  /// Without what is secret.
  package var shown: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// Which proxy requests go through (`proxy` of a destination).
package enum ProxyRule: Hashable, Sendable {
  /// None.
  case off
  case through(ProxyAddress)
  /// What the environment says.
  case environment(EnvironmentProxies)

  /// - Parameters:
  ///   - host: Of the URL, without brackets.
  ///   - usesTLS: The URL is `https:`.
  /// - Returns: nil: the host itself is connected to.
  package func proxy(toHost host: String, port: Int, usesTLS: Bool) -> ProxyAddress? {
    switch self {
    case .off: nil
    case .through(let proxy): proxy
    case .environment(let proxies): proxies.proxy(toHost: host, port: port, usesTLS: usesTLS)
    }
  }
}

/// The proxies of the environment: `http_proxy` for `http:` URLs, `https_proxy` for `https:` ones, and `no_proxy`, whom neither is
/// for. Nor is this machine ever reached through one: to a proxy `localhost` is the proxy.
package struct EnvironmentProxies: Hashable, Sendable {
  package private(set) var http: ProxyAddress?
  package private(set) var https: ProxyAddress?
  private var exceptions: [Exception] = []

  /// What of the environment is no proxy that can be used: the variable's name.
  package struct Unusable: Error, Equatable {
    package var variable: String

    package init(variable: String) {
      self.variable = variable
    }
  }

  package init() {}

  /// The variables that are looked at, the first of each that is set and not empty. (`HTTP_PROXY` is not: of a program that answers
  /// requests, a header `Proxy` could set it.)
  package static let variables = (
    http: ["http_proxy"], https: ["https_proxy", "HTTPS_PROXY"], exceptions: ["no_proxy", "NO_PROXY"]
  )

  package init(_ environment: [String: String]) throws(Unusable) {
    func first(_ names: [String]) -> (name: String, value: String)? {
      for name in names {
        if let value = environment[name], !value.isEmpty { return (name, value) }
      }
      return nil
    }
    func proxy(_ names: [String]) throws(Unusable) -> ProxyAddress? {
      guard let (name, value) = first(names) else { return nil }
      // As curl takes it, without a scheme.
      guard let proxy = ProxyAddress(value.contains("://") ? value : "http://\(value)") else {
        throw Unusable(variable: name)
      }
      return proxy
    }
    http = try proxy(Self.variables.http)
    https = try proxy(Self.variables.https)
    let words = first(Self.variables.exceptions)?.value ?? ""
    exceptions = words.split { $0 == "," || $0 == " " || $0 == "\t" }.map { Exception(String($0)) }
  }

  package var isEmpty: Bool { http == nil && https == nil }

  package func proxy(toHost host: String, port: Int, usesTLS: Bool) -> ProxyAddress? {
    guard let proxy = usesTLS ? https : http else { return nil }
    let host = host.hasSuffix(".") ? String(host.dropLast()) : host
    let address = PeerAddress.Address(host)?.unmapped
    if address?.isLoopback ?? HostName(host)?.isLoopback ?? false { return nil }
    if exceptions.contains(where: { $0.covers(host, address, port) }) { return nil }
    return proxy
  }

  /// An item of `no_proxy`.
  private enum Exception: Hashable, Sendable {
    case all
    case addresses(AddressBlock)
    /// The name, and all names below it; with a port: only there.
    case name(String, port: Int?)

    init(_ word: String) {
      if word == "*" {
        self = .all
        return
      }
      let plain = word.hasPrefix("[") && word.hasSuffix("]") ? String(word.dropFirst().dropLast()) : word
      if let block = AddressBlock(plain) {
        self = .addresses(block.canonical)
        return
      }
      var name = Substring(word)
      var port: Int?
      if let colon = name.lastIndex(of: ":"), let number = Int(name[name.index(after: colon)...]) {
        (port, name) = (number, name[..<colon])
      }
      if name.hasPrefix("*.") { name = name.dropFirst() }
      if name.hasPrefix(".") { name = name.dropFirst() }
      if name.hasSuffix(".") { name = name.dropLast() }
      self = .name(name.lowercased(), port: port)
    }

    func covers(_ host: String, _ address: PeerAddress.Address?, _ port: Int) -> Bool {
      switch self {
      case .all: return true
      case .addresses(let block): return address.map(block.contains) ?? false
      case .name(let name, let only):
        guard !name.isEmpty, only == nil || only == port else { return false }
        let host = host.lowercased()
        return host == name || host.hasSuffix(".\(name)")
      }
    }
  }
}

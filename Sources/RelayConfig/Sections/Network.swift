import RelayCore

extension ConfigNode {
  /// `proxy` of a destination.
  func proxyRule() -> ProxyRule? {
    value(
      "a proxy such as http://proxy.internal:3128, or off", words: ["off"],
      form: .pattern(#"^[Hh][Tt][Tt][Pp]://([!-.0->@-~]*@)?[^/?#@]+:[0-9]{1,5}/?$"#),
      placeholder: ProxyRule.off
    ) { text throws(Fault) in
      if text == "off" { return .off }
      guard let proxy = ProxyAddress(text) else {
        throw Fault("is not a proxy; write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or off")
      }
      return .through(proxy)
    }
  }
}

extension Reading {
  /// Those of the environment; none where they can't be used, of which `checkNetwork` tells.
  var environmentProxies: EnvironmentProxies {
    (try? EnvironmentProxies(references.environment)) ?? EnvironmentProxies()
  }

  /// What hinders destinations and receivers of notices on their way, as far as it can be seen from here.
  func checkNetwork(_ destinations: [ReadDestination], of configuration: Configuration) {
    checkEnvironmentProxies(destinations, of: configuration)
    for read in destinations {
      guard let destination = configuration.destinations.first(where: { $0.name == read.name }),
        let refusal = destination.network.refusal(of: destination.url)
      else { continue }
      report(
        "nothing can be delivered: \(refusal)", at: read.urlLocation ?? read.location, severity: .warning)
    }
  }

  /// A proxy that can't be used is told: without it requests would go where they were not meant to.
  private func checkEnvironmentProxies(_ destinations: [ReadDestination], of configuration: Configuration) {
    guard references.resolves else { return }
    do throws(EnvironmentProxies.Unusable) {
      _ = try EnvironmentProxies(references.environment)
    } catch {
      guard let first = destinations.first(where: { !$0.saysProxy }) else { return }
      report(
        "its requests would go through a proxy, and \(error.variable) of the environment is none that can be used: it is "
          + "http://HOST:PORT; mend or unset it, or write proxy: off (here or in defaults)",
        at: first.location)
    }
  }
}

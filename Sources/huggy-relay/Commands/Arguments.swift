import ArgumentParser
import RelayCore
import RelayText

/// `250ms`, `5s`, `10m`: as in routes.yaml.
struct DurationArgument: ExpressibleByArgument {
  let duration: Duration
  /// As it was written: what `--help` shows of a default.
  let defaultValueDescription: String

  init?(argument: String) {
    guard let duration = Duration(text: argument) else { return nil }
    self.duration = duration
    defaultValueDescription = argument
  }
}

/// `HOST:PORT`; an IPv6 address stands in brackets.
struct ListenArgument: ExpressibleByArgument {
  let address: ListenAddress

  var defaultValueDescription: String { "\(address)" }

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let port = Int(argument[argument.index(after: colon)...]), (0...65_535).contains(port)
    else { return nil }
    var host = argument[..<colon]
    if host.hasPrefix("[") && host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { return nil }
    address = ListenAddress(host: String(host), port: port)
  }
}

import RelayCore
import RelayText

extension Reading {
  /// Warns of destinations that are the relay itself.
  func warnAboutOwnAddress(_ destinations: [ReadDestination], of configuration: Configuration) {
    for read in destinations {
      guard let destination = read.destination,
        let target = HTTPAddress.target(destination.url.reveal)
      else { continue }
      let place = read.urlPlace ?? read.place
      if configuration.server.listen.isReached(by: target) {
        let isSource = configuration.sources.contains { $0.path == target.path }
        let end =
          isSource
          ? "each event would come back to it, without end" : "only its sources' paths take anything there"
        report("this is where the relay itself listens: \(end)", at: place, severity: .warning)
      } else if configuration.server.admin?.isReached(by: target) ?? false {
        report(
          "this is the relay's own server.admin, which takes no events; give the service's address",
          at: place,
          severity: .warning)
      }
    }
  }
}

extension ListenAddress {
  /// Whether a request to this host and port surely comes here.
  fileprivate func isReached(by target: (host: String, port: Int, path: String)) -> Bool {
    guard port != 0, port == target.port else { return false }
    let targetAddress = ListenAddress(host: target.host, port: target.port)
    if host.asciiLowercased == targetAddress.host.asciiLowercased { return true }
    let takesLoopback = isLoopback || host == "0.0.0.0" || host == "::"
    return takesLoopback
      && (targetAddress.isLoopback || targetAddress.host == "0.0.0.0" || targetAddress.host == "::")
  }
}

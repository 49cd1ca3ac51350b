/// One of the servers that an address names.
package struct ServerHost: Sendable, Hashable, CustomStringConvertible {
  /// A host's name or number, or the folder of a Unix socket; nil: libpq's own default.
  package var name: String?
  /// Its number, where that is known: then nobody is asked for the name.
  package var address: String?
  /// 1 to 65535; nil: libpq's own default.
  package var port: String?

  /// It is on this machine, by a file. An `@` begins the name of one that is in no folder.
  var isSocket: Bool { name.map { $0.hasPrefix("/") || $0.hasPrefix("@") } ?? false }

  package var description: String {
    let place = name ?? address ?? ""
    let host = place.contains(":") ? "[\(place)]" : place
    return port.map { "\(host):\($0)" } ?? host
  }
}

import CPostgres
import RelayCore

/// Where the database server is, and as whom to log on: a `postgres://` or `postgresql://` URL, taken apart by libpq itself. Its password
/// is never printed.
package struct ServerAddress: Sendable, Hashable {
  /// One of libpq's options, by its keyword.
  private struct Option: Sendable, Hashable {
    var keyword: String
    var value: String
  }

  /// In libpq's order; those alone that the URL has.
  private let options: [Option]

  /// - Parameter url: `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?option=value`; each part may be missing, and is percent-encoded.
  ///   Options are libpq's; `?host=/folder` is a Unix socket.
  package init(url: String) throws(PostgresError) {
    try Self.checkForm(of: url)
    var said: UnsafeMutablePointer<CChar>?
    guard let parsed = PQconninfoParse(url, &said) else {
      defer { PQfreemem(said) }
      throw Self.problem(Self.unquoted(said.map { String(cString: $0) } ?? "it can't be read"))
    }
    defer { PQconninfoFree(parsed) }
    var options: [Option] = []
    var option = parsed
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        options.append(Option(keyword: String(cString: keyword), value: String(cString: value)))
      }
      option += 1
    }
    self.options = options
    try checkHosts()
  }

  /// That of the configuration.
  package init(_ address: DatabaseAddress) throws(StoreError) {
    do throws(PostgresError) {
      try self.init(url: address.url.reveal)
    } catch {
      throw StoreError(code: .cannotOpen, message: "\(error)")
    }
  }

  /// The value of one of libpq's options; nil: the URL does not have it.
  package subscript(keyword: String) -> String? { options.first { $0.keyword == keyword }?.value }

  /// What libpq is given, the password among it.
  package var parameters: [(String, String)] { options.map { ($0.keyword, $0.value) } }

  /// The same server and user, another database.
  package func with(database: String) -> ServerAddress {
    var options = options.filter { $0.keyword != "dbname" }
    options.append(Option(keyword: "dbname", value: database))
    return ServerAddress(options: options)
  }

  private init(options: [Option]) {
    self.options = options
  }

  /// Which servers may be meant, in the order in which they are tried. At least one.
  package var hosts: [ServerHost] {
    func list(_ keyword: String) -> [String?] {
      guard let value = self[keyword] else { return [] }
      return value.split(separator: ",", omittingEmptySubsequences: false)
        .map { $0.isEmpty ? nil : String($0) }
    }
    let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
    return (0..<max(1, names.count, addresses.count)).map { index in
      ServerHost(
        name: index < names.count ? names[index] : nil,
        address: index < addresses.count ? addresses[index] : nil,
        port: ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : nil)
    }
  }

  // MARK: What libpq takes, and nobody means

  /// A sign of a password that is not encoded would else become a part of the host or of the database, and be shown as such.
  private static func checkForm(of url: String) throws(PostgresError) {
    guard let scheme = ["postgres://", "postgresql://"].first(where: { url.hasPrefix($0) }) else {
      throw problem("it begins with neither postgres:// nor postgresql://")
    }
    let rest = url.dropFirst(scheme.count)
    guard !rest.utf8.contains(0) else { throw problem("it holds a character that no address has") }
    let end = rest.firstIndex { $0 == "@" || $0 == "/" } ?? rest.endIndex
    guard end < rest.endIndex else { return }
    let place = rest[rest.index(after: end)...].prefix { $0 != "?" }
    guard !place.contains("@") else { throw problem("it has an @ too many") }
  }

  private func checkHosts() throws(PostgresError) {
    let count = (
      hosts: self["host"]?.listed, addresses: self["hostaddr"]?.listed, ports: self["port"]?.listed
    )
    if let hosts = count.hosts, let addresses = count.addresses, hosts != addresses {
      throw Self.problem("it has \(hosts) hosts and \(addresses) in hostaddr")
    }
    if let ports = count.ports, ports != 1, ports != self.hosts.count {
      throw Self.problem("it has \(self.hosts.count) hosts and \(ports) ports")
    }
    for host in hosts {
      if let port = host.port, !(1...65_535).contains(Int(port) ?? 0) {
        throw Self.problem("a port is no number from 1 to 65535")
      }
    }
  }

  private static func problem(_ what: String) -> PostgresError {
    PostgresError(
      .configuration, "the database's address is not right: \(what)",
      hint: "write postgres://USER:PASSWORD@HOST:PORT/DATABASE, and in the password each of :/?#[]@% and "
        + "space as % and two hexadecimal digits (@ as %40)")
  }

  /// libpq's words without what they quote: that may be a part of the password.
  private static func unquoted(_ text: String) -> String {
    var words = text.prefix { $0 != "\"" && $0 != "\n" }
    while let last = words.last, last == ":" || last == " " { words.removeLast() }
    return String(words)
  }
}

extension ServerAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `postgres://user@host:port/database`: what is neither secret nor a detail.
  package var description: String {
    let places = hosts.map(\.description).joined(separator: ",")
    return "postgres://\(self["user"].map { "\($0)@" } ?? "")\(places)/\(self["dbname"] ?? "")"
  }

  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(reflecting: description) }
}

extension String {
  /// How many a list with commas has.
  fileprivate var listed: Int { utf8.count { $0 == UInt8(ascii: ",") } + 1 }
}

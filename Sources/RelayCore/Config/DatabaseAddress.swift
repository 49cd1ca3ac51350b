import RelayText

/// Where a store's database server is, and as whom to log on, as routes.yaml has it: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?option=value`.
/// What it means is its store's to say.
package struct DatabaseAddress: Hashable, Sendable {
  /// Never printed whole.
  package let url: Secret

  package init(_ url: String) {
    self.url = Secret(url)
  }

  /// `postgres://user@host:5432/database?sslmode=require`: without the password, and of the options only those that are no secret.
  package var shown: String {
    let text = url.reveal
    guard let scheme = text.firstRange(of: "://") else { return Self.unreadable }
    var rest = text[scheme.upperBound...]
    var user = Substring()
    // As libpq reads it: a `?` may stand in the password, a `/` may not.
    if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
      user = rest[..<end].prefix { $0 != ":" } + "@"
      rest = rest[rest.index(after: end)...]
    }
    let place = rest.prefix { $0 != "?" }
    let options = rest.dropFirst(place.count + 1).split(separator: "&").filter { option in
      Self.plainOptions.contains(String(option.prefix { $0 != "=" }))
    }
    let query = options.isEmpty ? "" : "?" + options.joined(separator: "&")
    return "postgres://\(user)\(place)\(query)"
  }

  /// The same, with the files of its options relative to a folder, where they are relative.
  package func withFiles(in folder: String) -> DatabaseAddress {
    let parts = url.reveal.split(separator: "?", omittingEmptySubsequences: false)
    guard parts.count > 1, folder != ".", let query = parts.last else { return self }
    let prefix = folder.split(separator: "/", omittingEmptySubsequences: false).map {
      String($0).percentEncoded
    }
    .joined(separator: "/")
    let options = query.split(separator: "&", omittingEmptySubsequences: false).map { option in
      let (name, value) = (option.prefix { $0 != "=" }, option.drop { $0 != "=" }.dropFirst())
      guard Self.fileOptions.contains(String(name)), Self.isRelativeFile(value) else { return String(option) }
      return "\(name)=\(prefix.hasSuffix("/") ? prefix : prefix + "/")\(value)"
    }
    return DatabaseAddress(
      (parts.dropLast().map(String.init) + [options.joined(separator: "&")]).joined(separator: "?"))
  }

  /// `system` is libpq's word for the authorities of OpenSSL.
  private static func isRelativeFile(_ value: Substring) -> Bool {
    !value.isEmpty && value != "system" && !value.hasPrefix("/") && !value.uppercased().hasPrefix("%2F")
  }

  private static let fileOptions: Set = [
    "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir", "passfile",
  ]
  private static let plainOptions: Set = [
    "host", "hostaddr", "port", "user", "dbname", "sslmode", "sslrootcert", "target_session_attrs",
    "connect_timeout", "application_name",
  ]
  private static let unreadable = "postgres://"
}

extension DatabaseAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { shown }
  package var debugDescription: String { shown }
  package var customMirror: Mirror { Mirror(reflecting: shown) }
}

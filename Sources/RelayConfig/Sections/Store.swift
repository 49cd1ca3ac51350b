import RelayCore

extension ConfigNode {
  /// The store's settings, also of a file that says nothing about the store.
  func storeSettings(_ store: ConfigNode?) -> StoreSettings {
    var settings = StoreSettings()
    settings.location = .sqlite(path: reading.storePath("data/relay.db"))
    guard let store else {
      suggestDeadRetention(at: location)
      return settings
    }
    guard var section = store.section(mayBeEmpty: true) else { return settings }
    settings.location = section.take("url", isSecret: true)?.storeLocation() ?? settings.location
    settings.keep =
      section.take("keep")?.value(
        "all or routed", words: StoreSettings.Keep.allCases.map(\.rawValue),
        form: .words(StoreSettings.Keep.allCases.map(\.rawValue)), placeholder: .all
      ) {
        text throws(Fault) in
        guard let keep = StoreSettings.Keep(rawValue: text) else { throw Fault("is not all or routed") }
        return keep
      } ?? settings.keep
    settings.retention = section.take("retention")?.duration() ?? settings.retention
    if let dead = section.take("dead_retention") {
      settings.deadRetention = dead.durationOrUnlimited() ?? settings.deadRetention
    } else {
      suggestDeadRetention(at: store.location)
    }
    settings.unroutedRetention =
      section.take("unrouted_retention")?.durationOrUnlimited() ?? settings.unroutedRetention
    settings.maxBytes = section.take("max_size")?.size(16 << 20...1 << 50) ?? settings.maxBytes
    section.finish()
    return settings
  }

  /// Whoever writes `unlimited` has decided it.
  private func suggestDeadRetention(at location: Location) {
    reading.report(
      "dead letters stay until a person acts, and with them what people wrote; "
        + "store.dead_retention sets an end to that, such as 90d (or unlimited)",
      at: location, severity: .suggestion)
  }

  private func storeLocation() -> StoreSettings.Location? {
    let placeholder = StoreSettings.Location.sqlite(path: reading.storePath("data/relay.db"))
    return value(
      "an address such as sqlite:data/relay.db",
      form: .pattern(#"^(?:sqlite:(?!//|file:|:memory:$)[\s\S]*[^/]|postgres(?:ql)?://[\s\S]*)$"#),
      placeholder: placeholder, isCredential: node.text?.hasPrefix("postgres") == true
    ) { text throws(Fault) in
      if text.hasPrefix("postgres:") || text.hasPrefix("postgresql:") { return try databaseLocation(text) }
      guard text.hasPrefix("sqlite:") else {
        throw Fault("is not a store's address; write sqlite:PATH, or \(Self.databaseForm)")
      }
      let path = String(text.dropFirst("sqlite:".count))
      guard !path.isEmpty, !path.hasSuffix("/") else {
        throw Fault("names no file; write sqlite:data/relay.db")
      }
      guard !path.hasPrefix("//") else {
        throw Fault("has '//'; write sqlite:data/relay.db, or sqlite:/var/lib/relay.db for an absolute path")
      }
      guard path != ":memory:", !path.hasPrefix("file:") else {
        throw Fault(
          "is SQLite's own way to name a database; the relay's is a file on disk: write sqlite:data/relay.db")
      }
      guard !path.utf8.contains(0) else { throw Fault("holds a NUL character") }
      return .sqlite(path: reading.storePath(path))
    }
  }

  private static let databaseForm = "postgres://USER:PASSWORD@HOST:PORT/DATABASE"

  private func databaseLocation(_ text: String) throws(Fault) -> StoreSettings.Location {
    guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") else {
      throw Fault("has no '//'; write \(Self.databaseForm)")
    }
    let location = StoreSettings.Location.postgres(
      DatabaseAddress(text).withFiles(in: reading.directory), ownFiles: reading.storePath("data/relay"))
    if let problem = reading.storeProblem(location) { throw Fault.whole(problem) }
    return location
  }
}

extension Reading {
  /// A path as the store sees it: under the directory that systemd keeps for the service, where there is one.
  func storePath(_ path: String) -> String {
    let state = references.environment["STATE_DIRECTORY"]?.split(separator: ":").first
    return ConfigurationFile.path(path, in: state.map(String.init) ?? directory)
  }
}

import RelayConfig
import RelayCore

/// The configuration's reader: what is wrong is said at a place of the file; what is right is shown as text, and that text says the same.
///
/// Nothing but the text is looked at: no file is opened.
enum YAMLTarget {
  private static let now = Timestamp(rfc3339: "2026-12-01T00:00:00Z")!

  static func makeCheck() -> FuzzTargets.Check {
    let loader = ConfigurationLoader(environment: [:], resolvesReferences: false, now: { now }) {
      "\($0.count)"
    }
    return { input in
      let text = String(decoding: input, as: UTF8.self)
      let read = loader.read(handed: text, inPlaceOf: "/etc/relay/routes.yaml")
      let problems = read.errors + read.warnings + read.suggestions
      for problem in problems { checkPlace(of: problem, in: text) }
      if !read.errors.isEmpty { return }
      guard let configuration = read.configuration else {
        fatalError("nothing is wrong, and there is no configuration")
      }
      checkShown(configuration, read, loader)
    }
  }

  private static func checkPlace(of problem: ConfigurationProblem, in text: String) {
    // The composer counts these as ends of lines; a CR LF is one.
    let ends = text.unicodeScalars.filter { "\r\n\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) }.count
    require((1...ends + 1).contains(problem.line), "\(problem) is behind the last of \(ends + 1) lines")
    require(
      problem.column >= 1 && problem.column <= text.unicodeScalars.count + 1, "\(problem) has no such column")
    require(!problem.message.isEmpty, "\(problem) says nothing")
  }

  private static func checkShown(
    _ configuration: Configuration, _ read: ReadConfigurationText, _ loader: ConfigurationLoader
  ) {
    // What was not looked at can't be shown.
    guard read.references.paths.isEmpty else { return }
    let tree = configuration.tree.revealed
    for text in [tree.yaml(), String(decoding: tree.json, as: UTF8.self)] {
      let again = loader.read(handed: text, inPlaceOf: "/etc/relay/routes.yaml")
      guard again.errors.isEmpty, let shown = again.configuration else {
        fatalError("what is shown is wrong: \(again.errors)\n\(text)")
      }
      requireSame(shown.tree.revealed, tree, "what is shown, read again")
      require(shown.comparable == configuration.comparable, "what is shown says something else:\n\(text)")
    }
  }
}

extension Configuration {
  /// Without what belongs to the file and not to what it says.
  fileprivate var comparable: Configuration {
    var copy = self
    copy.hash = ""
    for index in copy.destinations.indices {
      copy.destinations[index].pausedAt = copy.destinations[index].pausedAt.map { _ in "" }
    }
    return copy
  }
}

extension ConfigurationTree {
  /// With its secrets, as the file wrote them.
  fileprivate var revealed: ConfigurationTree { revealed(at: "") }

  private func revealed(at key: String) -> ConfigurationTree {
    switch self {
    case .secret(_, let shown) where key == "ca": .text(shown)
    case .secret(let secret, _): .text(secret.reveal)
    case .list(let items): .list(items.map { $0.revealed(at: key) })
    case .mapping(let entries): .mapping(entries.map(Self.revealed))
    case .named(let entries): .named(entries.map(Self.revealed))
    case .word, .text, .integer, .number, .bool, .null, .reference: self
    }
  }

  private static func revealed(_ entry: Entry) -> Entry {
    var entry = entry
    entry.value = entry.value.revealed(at: entry.key)
    return entry
  }
}

/// A configuration as routes.yaml would write it, with every default filled in: what `config show` prints, and what
/// `config diff` compares key by key.
package indirect enum ConfigurationTree: Equatable, Sendable {
  /// One of the configuration's own words, an amount or an address: `off`, `5MiB`, `127.0.0.1:8080`.
  case word(String)
  /// Any text.
  case text(String)
  case integer(Int)
  case number(Double)
  case bool(Bool)
  case null
  /// It is compared, and never shown: `shown` stands for it.
  case secret(Secret, shown: String)
  /// What stands in the place of `${…}` is not known: it was not looked at. As `${NAME}`.
  case reference(String)
  case list([ConfigurationTree])
  case mapping([Entry])
  /// A list of mappings that each have a name, and whose order counts.
  case named([Entry])

  package struct Entry: Equatable, Sendable {
    package var key: String
    package var value: ConfigurationTree
    /// It is what the relay does without this key.
    package var isDefault = false
    /// By which reference its value came, as `${NAME}`.
    package var reference: String?

    package init(_ key: String, _ value: ConfigurationTree) {
      self.key = key
      self.value = value
    }

    package static func == (a: Entry, b: Entry) -> Bool { a.key == b.key && a.value == b.value }
  }

  /// Stands for a secret.
  package static let mask = "***"

  package static func secret(_ secret: Secret) -> ConfigurationTree { .secret(secret, shown: mask) }

  /// A list of one is written without its brackets.
  static func oneOrMore(_ items: [ConfigurationTree]) -> ConfigurationTree {
    items.count == 1 ? items[0] : .list(items)
  }

  package var entries: [Entry]? {
    switch self {
    case .mapping(let entries), .named(let entries): entries
    case .word, .text, .integer, .number, .bool, .null, .secret, .reference, .list: nil
    }
  }

  /// The value of a key of a mapping.
  package subscript(key: String) -> ConfigurationTree? { entries?.first { $0.key == key }?.value }

  /// It holds neither a list nor keys.
  var isScalar: Bool {
    switch self {
    case .word, .text, .integer, .number, .bool, .null, .secret, .reference: true
    case .list, .mapping, .named: false
    }
  }

  /// Some of it is not known.
  var holdsReference: Bool {
    switch self {
    case .reference: true
    case .word, .text, .integer, .number, .bool, .null, .secret: false
    case .list(let items): items.contains(where: \.holdsReference)
    case .mapping(let entries), .named(let entries): entries.contains(where: \.value.holdsReference)
    }
  }

  /// The same mapping, in which each key says whether it is as in `defaults`.
  func marked(against defaults: ConfigurationTree) -> ConfigurationTree {
    guard case .mapping(let entries) = self else { return self }
    return .mapping(
      entries.map { entry in
        var entry = entry
        guard let usual = defaults[entry.key] else { return entry }
        entry.isDefault = entry.value == usual
        entry.value = entry.value.marked(against: usual)
        return entry
      })
  }
}

/// What one configuration says otherwise than another, at one key.
package struct ConfigurationDifference: Equatable, Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case added, removed, changed
    /// The routes that stayed stand in another order.
    case reordered
    /// One of the two holds a reference that was not looked at.
    case unknown
  }

  /// The keys, joined by dots: `destinations.crm.retry.max_age`, `routes.to-crm.match.event`.
  package var path: String
  package var kind: Kind
  /// As routes.yaml would write it, on one line, without what is as by default; nil: there was nothing. A secret is masked.
  package var old: String?
  package var new: String?

  package init(path: String, kind: Kind, old: String?, new: String?) {
    self.path = path
    self.kind = kind
    self.old = old
    self.new = new
  }
}

extension ConfigurationTree {
  /// What `new` says otherwise, in the order of its keys. Of something that is new or gone the whole is one difference.
  package func differences(to new: ConfigurationTree, at path: String = "") -> [ConfigurationDifference] {
    guard self != new else { return [] }
    guard let before = entries, let after = new.entries else {
      let kind = holdsReference || new.holdsReference ? ConfigurationDifference.Kind.unknown : .changed
      return [ConfigurationDifference(path: path, kind: kind, old: line, new: new.line)]
    }
    var found: [ConfigurationDifference] = []
    for entry in before where new[entry.key] == nil {
      found.append(.init(path: Self.path(path, entry.key), kind: .removed, old: entry.value.line, new: nil))
    }
    for entry in after {
      let path = Self.path(path, entry.key)
      if let old = self[entry.key] {
        found += old.differences(to: entry.value, at: path)
      } else {
        found.append(.init(path: path, kind: .added, old: nil, new: entry.value.line))
      }
    }
    if case .named = new { found += Self.order(from: before, to: after, at: path) }
    return found
  }

  private static func path(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private static func order(
    from before: [Entry], to after: [Entry], at path: String
  ) -> [ConfigurationDifference] {
    let (old, new) = (before.map(\.key), after.map(\.key))
    let stayed = Set(old).intersection(new)
    let (first, second) = (old.filter(stayed.contains), new.filter(stayed.contains))
    guard first != second else { return [] }
    return [
      ConfigurationDifference(
        path: path, kind: .reordered, old: first.joined(separator: ", "),
        new: second.joined(separator: ", "))
    ]
  }
}

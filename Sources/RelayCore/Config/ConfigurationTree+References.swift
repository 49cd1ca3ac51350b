/// Where the values of a configuration come from: by their key paths, as errors name them.
package struct ValueReferences: Sendable, Equatable {
  /// One value of the file.
  package struct Value: Sendable, Equatable {
    /// As `${NAME}` or `${file:PATH}`, without defaults, which may be secret.
    package var references: [String]
    /// It is one reference and nothing else.
    package var isWhole: Bool

    package init(references: [String], isWhole: Bool) {
      self.references = references
      self.isWhole = isWhole
    }

    /// What may be shown in its place; nil: it holds more than a reference.
    fileprivate var shown: String? { isWhole ? references.first : nil }
  }

  /// Also of values that hold none.
  package var values: [String: Value]

  package init(_ values: [String: Value] = [:]) {
    self.values = values
  }

  /// The paths of values that hold some, in alphabetical order.
  package var paths: [String] { values.filter { !$0.value.references.isEmpty }.map(\.key).sorted() }

  /// What the file says at a key, or for a destination in `defaults`.
  fileprivate func value(at path: String) -> Value? {
    if let own = values[path] { return own.references.isEmpty ? nil : own }
    // Its own list stands in the place of what defaults say.
    guard path.hasPrefix("destinations."), values["\(path)[0]"] == nil else { return nil }
    let rest = path.dropFirst("destinations.".count)
    // A name may hold dots: what follows it is found by trying.
    for dot in rest.indices where rest[dot] == "." {
      if let value = values["defaults\(rest[dot...])"], !value.references.isEmpty { return value }
    }
    return nil
  }
}

extension ConfigurationTree {
  /// The same with its references: a secret is shown as the reference that it came by, and other values say theirs.
  ///
  /// - Parameter areResolved: False: no reference was replaced, and what stands in its place means nothing.
  package func naming(_ references: ValueReferences, areResolved: Bool) -> ConfigurationTree {
    named(references, areResolved, at: "")
  }

  private func named(_ references: ValueReferences, _ areResolved: Bool, at path: String) -> ConfigurationTree
  {
    switch self {
    case .secret, .word, .text, .integer, .number, .bool, .null, .reference:
      guard let value = references.value(at: path) else { return self }
      guard areResolved else { return .reference(value.shown ?? value.references.joined(separator: "…")) }
      guard case .secret(let secret, Self.mask) = self, let shown = value.shown else { return self }
      return .secret(secret, shown: shown)
    case .list(let items):
      return .list(
        items.enumerated().map { $1.named(references, areResolved, at: "\(path)[\($0)]") })
    case .mapping(let entries): return .mapping(Self.named(entries, references, areResolved, at: path))
    case .named(let entries): return .named(Self.named(entries, references, areResolved, at: path))
    }
  }

  private static func named(
    _ entries: [Entry], _ references: ValueReferences, _ areResolved: Bool, at path: String
  ) -> [Entry] {
    entries.map { entry in
      var entry = entry
      let path = path.isEmpty ? entry.key : "\(path).\(entry.key)"
      entry.value = entry.value.named(references, areResolved, at: path)
      if areResolved, entry.value.isScalar, let value = references.value(at: path) {
        entry.isDefault = false
        if case .secret(_, let shown) = entry.value, shown == value.shown { return entry }
        entry.reference = value.references.joined(separator: " and ")
      }
      return entry
    }
  }
}

import Yams

/// A node of the file with its location, and with the means to say what is wrong with it.
struct ConfigNode {
  let node: Node
  /// Where the value stands; where there is none, its key.
  var location: Location
  /// Its text, and its descendants', is never shown.
  var isSecret = false
  let reading: Reading

  init(_ node: Node, location: Location, isSecret: Bool = false, reading: Reading) {
    self.node = node
    self.location = location
    self.isSecret = isSecret
    self.reading = reading
  }

  func error(_ message: String) {
    reading.report(message, at: location)
  }

  func warning(_ message: String) {
    reading.report(message, at: location, severity: .warning)
  }

  /// Nothing, `~` or `null`, unquoted.
  var isNull: Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  var isMapping: Bool { if case .mapping = node { true } else { false } }
  var isSequence: Bool { if case .sequence = node { true } else { false } }

  /// What stands here, for `expected …, found …`.
  var kind: String {
    switch node {
    case .scalar: isNull ? (reading.isJSON ? "null" : "nothing") : "a single value"
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }

  /// The same node under another key path.
  func renamed(_ keyPath: String) -> ConfigNode {
    var copy = self
    copy.location.keyPath = keyPath
    return copy
  }
}

extension ConfigNode {
  /// The items of a list; a single value counts as a list of one.
  ///
  /// - Parameter emptyFault: what an empty list is told; nil: one may be empty.
  func items(_ expected: String, acceptsMapping: Bool = false, emptyFault: String?) -> [ConfigNode]? {
    switch node {
    case .sequence(let sequence):
      if sequence.isEmpty, let emptyFault {
        error(emptyFault)
        return nil
      }
      return sequence.enumerated().map { index, item in
        var itemLocation = location
        itemLocation.keyPath += "[\(index)]"
        if let mark = item.mark { (itemLocation.line, itemLocation.column) = (mark.line, mark.column) }
        return ConfigNode(item, location: itemLocation, isSecret: isSecret, reading: reading)
      }
    case .mapping where !acceptsMapping:
      error("expected \(expected), found a mapping")
      return nil
    default: return [self]
    }
  }
}

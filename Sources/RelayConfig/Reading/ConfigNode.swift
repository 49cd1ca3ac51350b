/// A node of the file with its location, and with the means to say what is wrong with it.
struct ConfigNode {
  let node: YAMLNode
  /// Where the value stands; where there is none, its key.
  var location: Location
  /// Its text, and its descendants', is never shown.
  var isSecret = false
  /// Where it is recorded what is asked for here, while nothing is read.
  var probe: SchemaNode?
  let reading: Reading

  init(
    _ node: YAMLNode, location: Location, isSecret: Bool = false, probe: SchemaNode? = nil, reading: Reading
  ) {
    self.node = node
    self.location = location
    self.isSecret = isSecret
    self.probe = probe
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
    guard case .scalar(let text, isPlain: true) = node.content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// The same, where null is one of the values.
  var mayBeNull: Bool {
    probe?.may(be: .null)
    return isNull
  }

  var isMapping: Bool { if case .mapping = node.content { true } else { false } }
  var isSequence: Bool { if case .sequence = node.content { true } else { false } }

  var isEmptyMapping: Bool { if case .mapping(let pairs) = node.content { pairs.isEmpty } else { false } }

  /// What stands here, for `expected …, found …`.
  var kind: String {
    switch node.content {
    case .scalar: isNull ? (reading.isJSON ? "null" : "nothing") : "a single value"
    case .mapping: "a mapping"
    case .sequence: "a list"
    }
  }

  /// The node, as another place of the schema.
  func probing(_ place: SchemaNode) -> ConfigNode {
    var copy = self
    copy.probe = place
    return copy
  }

  /// Reads a part that stands in several places, or in itself: the schema describes it once, under this name.
  func shared<Value>(_ name: String, _ read: (ConfigNode) -> Value?) -> Value? {
    guard let probe else { return read(self) }
    probe.may(be: .definition(name))
    return probe.definitions.begin(name).flatMap { read(probing($0)) }
  }

  /// Reads a mapping in one way, and everything else in another.
  func ifMapping<Value>(_ read: (ConfigNode) -> Value?, else other: (ConfigNode) -> Value?) -> Value? {
    guard reading.isProbing else { return isMapping ? read(self) : other(self) }
    _ = read(self)
    return other(self)
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
  /// - Parameters:
  ///   - isAlwaysList: a single value is none.
  ///   - emptyFault: what an empty list is told; nil: one may be empty.
  func items(
    _ expected: String, acceptsMapping: Bool = false, isAlwaysList: Bool = false, emptyFault: String?
  ) -> [ConfigNode]? {
    if let probe {
      let item = probe.below()
      let single = SchemaForm.Single(value: !isAlwaysList, mapping: acceptsMapping)
      probe.may(be: .list(of: item, mayBeEmpty: emptyFault == nil, orOne: single), expected)
      return [probing(item)]
    }
    switch node.content {
    case .sequence(let items):
      if items.isEmpty, let emptyFault {
        error(emptyFault)
        return nil
      }
      return items.enumerated().map { index, item in
        var itemLocation = location
        itemLocation.keyPath += "[\(index)]"
        (itemLocation.line, itemLocation.column) = (item.mark.line, item.mark.column)
        return ConfigNode(item, location: itemLocation, isSecret: isSecret, reading: reading)
      }
    case .mapping where !acceptsMapping:
      error("expected \(expected), found a mapping")
      return nil
    default: return [self]
    }
  }
}

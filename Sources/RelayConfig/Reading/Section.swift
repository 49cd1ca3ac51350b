import RelayCore
import RelayText

/// A mapping whose keys are known: they are taken one by one, and what is left over is unknown.
struct Section {
  struct Entry {
    let key: String
    /// Where the key stands.
    let location: Location
    let value: ConfigNode
  }

  let node: ConfigNode
  let entries: [Entry]
  private var known: [String] = []

  init(node: ConfigNode, entries: [Entry]) {
    self.node = node
    self.entries = entries
  }

  /// The entry of a key, which is known from now on.
  ///
  /// - Parameter isRequired: For the schema: whoever takes it reports that it is missing.
  mutating func entry(_ key: String, isRequired: Bool = false) -> Entry? {
    known.append(key)
    if let probe = node.probe {
      if isRequired { probe.mapping().require(key) }
      return probed(key, probe.mapping().key(key, in: probe))
    }
    return entries.first { $0.key == key }
  }

  /// The entries of a mapping whose keys are names.
  ///
  /// - Parameter form: For the schema, of a key.
  func namedEntries(_ form: String) -> [Entry] {
    guard let probe = node.probe else { return entries }
    return [probed("name", probe.mapping().anyKey(form, in: probe))]
  }

  /// For the schema: exactly one of these keys stands there. Whoever takes them reports what is wrong.
  func needsOne(of keys: String...) { node.probe?.mapping().requireOne(of: keys) }

  private func probed(_ key: String, _ place: SchemaNode) -> Entry {
    Entry(key: key, location: node.location, value: node.probing(place))
  }

  /// The value of a key, which is known from now on.
  mutating func take(_ key: String, isSecret: Bool = false, isRequired: Bool = false) -> ConfigNode? {
    guard var value = entry(key, isRequired: isRequired)?.value else { return nil }
    if isSecret { value.isSecret = true }
    return value
  }

  /// Reports what was not asked for.
  ///
  /// - Parameter what: what the keys are.
  func finish(unknown what: String = "key") {
    for entry in entries where !known.contains(entry.key) { reportUnknown(what, entry) }
  }

  /// Names the unknown key, unless it may be half of a secret that was not quoted.
  private func reportUnknown(_ what: String, _ entry: Entry) {
    let nearest = NearestName.of(entry.key, among: known)
    var location = entry.location
    var name = " \(entry.key.quotedForMessage)"
    if node.isSecret, nearest == nil {
      name = ""
      location.keyPath = node.location.keyPath
    }
    let hint = nearest.map { "did you mean '\($0)'?" } ?? "known here: \(known.joined(separator: ", "))"
    node.reading.report("unknown \(what)\(name); \(hint)", at: location)
  }
}

extension ConfigNode {
  /// The entries of a mapping.
  ///
  /// - Parameter mayBeEmpty: whether nothing at all counts as a mapping without keys.
  func section(_ expected: String = "a mapping of keys to values", mayBeEmpty: Bool = false) -> Section? {
    if let probe {
      if mayBeEmpty { probe.may(be: .null) }
      _ = probe.mapping()
      return Section(node: self, entries: [])
    }
    if mayBeEmpty, isNull { return Section(node: self, entries: []) }
    guard case .mapping(let pairs) = node.content else {
      error("expected \(expected), found \(kind)")
      return nil
    }
    // The composer has seen to it that no key stands twice.
    return Section(node: self, entries: pairs.compactMap { entry(key: $0.key, value: $0.value) })
  }

  /// Where the value of a mapping's key stands.
  func location(ofValueAt key: String) -> Location? {
    guard case .mapping(let pairs) = node.content, let pair = pairs.first(where: { $0.key.text == key })
    else { return nil }
    return entry(key: pair.key, value: pair.value)?.value.location
  }

  private func entry(key: YAMLNode, value: YAMLNode) -> Section.Entry? {
    let (line, column) = (key.mark.line, key.mark.column)
    let here = Location(line: line, column: column, keyPath: location.keyPath)
    guard let name = key.text else {
      reading.report("a key must be a single text, found a list or a mapping", at: here)
      return nil
    }
    guard !name.contains("${") else {
      reading.report("references are replaced in values, not in keys; write the key out", at: here)
      return nil
    }
    let keyLocation = location.appending(key: name, line: line, column: column)
    var child = ConfigNode(value, location: keyLocation, isSecret: isSecret, reading: reading)
    if !child.isNull {
      (child.location.line, child.location.column) = (value.mark.line, value.mark.column)
    }
    return Section.Entry(key: name, location: keyLocation, value: child)
  }
}

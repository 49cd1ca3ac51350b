import RelayCore
import RelayText
import Yams

/// A mapping whose keys are known: they are taken one by one, and what is left over is unknown.
struct Section {
  struct Entry {
    let key: String
    /// Of the key.
    let place: Place
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
  mutating func entry(_ key: String) -> Entry? {
    known.append(key)
    return entries.first { $0.key == key }
  }

  /// The value of a key, which is known from now on.
  mutating func take(_ key: String, isSecret: Bool = false) -> ConfigNode? {
    guard var value = entry(key)?.value else { return nil }
    if isSecret { value.isSecret = true }
    return value
  }

  /// Reports what was not asked for.
  ///
  /// - Parameters:
  ///   - later: keys that a later version will know, and what they are.
  ///   - what: what the keys are.
  func finish(later: [String: String] = [:], unknown what: String = "key") {
    for entry in entries where !known.contains(entry.key) {
      if let feature = later[entry.key] {
        node.reading.report(LaterKeys.message(feature), at: entry.place)
      } else {
        reportUnknown(what, entry)
      }
    }
  }

  /// Names the unknown key, unless it may be half of a secret that was not quoted.
  private func reportUnknown(_ what: String, _ entry: Entry) {
    let nearest = NearestName.of(entry.key, among: known)
    var place = entry.place
    var name = " \(entry.key.quotedForMessage)"
    if node.isSecret, nearest == nil {
      name = ""
      place.keyPath = node.place.keyPath
    }
    let hint = nearest.map { "did you mean '\($0)'?" } ?? "known here: \(known.joined(separator: ", "))"
    node.reading.report("unknown \(what)\(name); \(hint)", at: place)
  }
}

extension ConfigNode {
  /// The entries of a mapping.
  ///
  /// - Parameter mayBeEmpty: whether nothing at all counts as a mapping without keys.
  func section(_ expected: String = "a mapping of keys to values", mayBeEmpty: Bool = false) -> Section? {
    if mayBeEmpty, isNull { return Section(node: self, entries: []) }
    guard case .mapping(let mapping) = node else {
      error("expected \(expected), found \(kind)")
      return nil
    }
    // The parser has seen to it that no key stands twice.
    return Section(node: self, entries: mapping.compactMap { entry(key: $0.key, value: $0.value) })
  }

  /// Where the value of a mapping's key stands.
  func place(ofValueAt key: String) -> Place? {
    guard let mapping = node.mapping, let pair = mapping.first(where: { $0.key.scalar?.string == key }) else {
      return nil
    }
    return entry(key: pair.key, value: pair.value)?.value.place
  }

  private func entry(key: Node, value: Node) -> Section.Entry? {
    let (line, column) = (key.mark?.line ?? place.line, key.mark?.column ?? place.column)
    let here = Place(line: line, column: column, keyPath: place.keyPath)
    guard case .scalar(let scalar) = key else {
      reading.report("a key must be a single text, found a list or a mapping", at: here)
      return nil
    }
    guard !scalar.string.contains("${") else {
      reading.report("references are replaced in values, not in keys; write the key out", at: here)
      return nil
    }
    let keyPlace = place.appending(key: scalar.string, line: line, column: column)
    var child = ConfigNode(value, place: keyPlace, isSecret: isSecret, reading: reading)
    if let mark = value.mark, !child.isNull {
      (child.place.line, child.place.column) = (mark.line, mark.column)
    }
    return Section.Entry(key: scalar.string, place: keyPlace, value: child)
  }
}

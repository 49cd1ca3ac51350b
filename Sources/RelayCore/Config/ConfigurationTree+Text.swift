import RelayJSON

extension ConfigurationTree {
  /// As a YAML document.
  ///
  /// - Parameter saysOrigins: A comment stands behind each value that is a default, or came by a reference.
  package func yaml(saysOrigins: Bool = false) -> String {
    var writer = YAMLWriter(saysOrigins: saysOrigins)
    writer.write(self, depth: 0)
    return writer.text
  }

  /// On one line, as YAML would have it; without what is as by default.
  package var line: String {
    switch self {
    case .word(let word): YAMLWriter.word(word)
    case .text(let text): YAMLWriter.scalar(text)
    case .integer(let number): String(number)
    case .number(let number): Self.text(number)
    case .bool(let value): value ? "true" : "false"
    case .null: "null"
    case .secret(_, let shown), .reference(let shown): YAMLWriter.quoted(shown)
    case .list(let items): "[\(items.map(\.line).joined(separator: ", "))]"
    case .mapping(let entries): Self.line(entries.filter { !$0.isDefault })
    case .named(let entries): "[\(entries.map { Self.line([$0]) }.joined(separator: ", "))]"
    }
  }

  private static func line(_ entries: [Entry]) -> String {
    if entries.isEmpty { return "{}" }
    let members = entries.map { "\(YAMLWriter.scalar($0.key)): \($0.value.line)" }
    return "{ \(members.joined(separator: ", ")) }"
  }

  /// Whole numbers without a fraction.
  fileprivate static func text(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
  }

  /// As JSON, in the order of its keys. It can be loaded as a configuration as well.
  package var json: [UInt8] {
    var output: [UInt8] = []
    write(to: &output)
    return output
  }

  private func write(to output: inout [UInt8]) {
    switch self {
    case .word(let text): output += Array(YAMLWriter.quoted(text).utf8)
    case .text(let text): output += Array(YAMLWriter.quoted(text.withoutReferences).utf8)
    case .secret(_, let shown), .reference(let shown): output += Array(YAMLWriter.quoted(shown).utf8)
    case .integer(let number): JSONWriter.appendNumber(number, to: &output)
    case .number, .bool, .null: output += Array(line.utf8)
    case .list(let items): Self.write(items, "[", "]", to: &output) { $0.write(to: &$1) }
    case .mapping(let entries):
      Self.write(entries, "{", "}", to: &output) { entry, output in
        JSONWriter.appendString(entry.key, to: &output)
        output.append(UInt8(ascii: ":"))
        entry.value.write(to: &output)
      }
    case .named(let entries): Self.write(entries.map(\.withName), "[", "]", to: &output) { $0.write(to: &$1) }
    }
  }

  private static func write<Item>(
    _ items: [Item], _ open: Unicode.Scalar, _ close: Unicode.Scalar, to output: inout [UInt8],
    _ write: (Item, inout [UInt8]) -> Void
  ) {
    output.append(UInt8(ascii: open))
    for (place, item) in items.enumerated() {
      if place > 0 { output.append(UInt8(ascii: ",")) }
      write(item, &output)
    }
    output.append(UInt8(ascii: close))
  }
}

extension ConfigurationTree.Entry {
  /// A named thing as it stands in its list.
  fileprivate var withName: ConfigurationTree {
    .mapping([ConfigurationTree.Entry("name", .text(key))] + (value.entries ?? []))
  }
}

extension String {
  /// A literal `${` is written `$${`: what is loaded again is the same text.
  fileprivate var withoutReferences: String { replacing("${", with: "$${") }
}

/// Writes YAML in blocks, and lists of single values on one line.
private struct YAMLWriter {
  private(set) var text = ""
  private let saysOrigins: Bool

  init(saysOrigins: Bool) {
    self.saysOrigins = saysOrigins
  }

  mutating func write(_ tree: ConfigurationTree, depth: Int) {
    switch tree {
    case .mapping(let entries): for entry in entries { write(entry, depth: depth, lead: indent(depth)) }
    case .named(let entries): for entry in entries { writeItem(entry.withName, depth: depth) }
    case .list(let items): for item in items { writeItem(item, depth: depth) }
    case .word, .text, .integer, .number, .bool, .null, .secret, .reference:
      text += "\(indent(depth))\(tree.line)\n"
    }
  }

  /// - Parameter lead: What stands before the key.
  private mutating func write(_ entry: ConfigurationTree.Entry, depth: Int, lead: String) {
    text += "\(lead)\(Self.scalar(entry.key)):"
    guard let block = entry.value.block else {
      let origin = entry.isDefault ? "default" : entry.reference.map { "from \($0)" }
      text += " \(entry.value.line)"
      if saysOrigins, let origin { text += " # \(origin)" }
      text += "\n"
      return
    }
    text += "\n"
    write(block, depth: depth + 1)
  }

  private mutating func writeItem(_ item: ConfigurationTree, depth: Int) {
    guard case .mapping(let entries) = item, !entries.isEmpty else {
      text += "\(indent(depth))- \(item.line)\n"
      return
    }
    for (place, entry) in entries.enumerated() {
      write(entry, depth: depth + 1, lead: place == 0 ? "\(indent(depth))- " : indent(depth + 1))
    }
  }

  private func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  /// Plain where every reader of YAML takes it for a text, else in quotes.
  static func scalar(_ text: String) -> String {
    isPlain(text) ? text : quoted(text.withoutReferences)
  }

  /// An amount begins with a digit; an address of IPv6 with a bracket, which would begin a list.
  static func word(_ text: String) -> String {
    text.utf8.first.map { isLetter($0) || (0x30...0x39).contains($0) } ?? false ? text : quoted(text)
  }

  static func quoted(_ text: String) -> String {
    var output: [UInt8] = []
    JSONWriter.appendString(text, to: &output)
    return String(decoding: output, as: UTF8.self).unicodeScalars.reduce(into: "") { quoted, scalar in
      quoted += isShown(scalar) ? String(scalar) : scalar.utf16.map(JSONWriter.escape).joined()
    }
  }

  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "/"),
      text.utf8.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) || "_-./".utf8.contains($0) })
    else { return false }
    return !["true", "false", "yes", "no", "on", "off", "y", "n", "null"].contains(text.lowercased())
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

  /// What a configuration may hold as it is.
  private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...: true
    default: false
    }
  }
}

extension ConfigurationTree {
  /// What is written on lines of its own; nil: it stands behind its key.
  fileprivate var block: ConfigurationTree? {
    switch self {
    case .mapping(let entries), .named(let entries): entries.isEmpty ? nil : self
    case .list(let items): items.allSatisfy(\.isScalar) ? nil : self
    case .word, .text, .integer, .number, .bool, .null, .secret, .reference: nil
    }
  }
}

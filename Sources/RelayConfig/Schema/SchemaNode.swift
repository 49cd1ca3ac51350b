/// What may stand at a place of the configuration: what the reader asks for there.
///
/// It is recorded by the reader itself, which is run over a configuration that has every key and no values
/// (`ConfigNode.probe`): so a key that it learns to read is in the schema, and no list of keys stands anywhere else.
/// A class, since many nodes of the reader speak of one place; it lives in one call of `ConfigurationSchema.json`.
final class SchemaNode {
  /// The values that may stand here: any one of them.
  private(set) var forms: [SchemaForm] = []
  /// In words, with their article.
  private(set) var expected: String?
  /// A mapping without keys is one of the values.
  private(set) var mayBeEmpty = true
  /// The parts that stand in several places, by their names.
  let definitions: SchemaDefinitions

  init(definitions: SchemaDefinitions) {
    self.definitions = definitions
  }

  /// Another place, below this one.
  func below() -> SchemaNode { SchemaNode(definitions: definitions) }

  func may(be form: SchemaForm, _ expected: String? = nil) {
    if !forms.contains(where: { $0.isSame(as: form) }) { forms.append(form) }
    self.expected = self.expected ?? expected
  }

  func mustNotBeEmpty() { mayBeEmpty = false }

  /// The mapping that may stand here: one, whatever asks for its keys.
  func mapping() -> SchemaMapping {
    for case .mapping(let mapping) in forms { return mapping }
    let mapping = SchemaMapping()
    forms.append(.mapping(mapping))
    return mapping
  }
}

@available(*, unavailable)
extension SchemaNode: Sendable {}

/// One kind of value.
enum SchemaForm {
  case scalar(ScalarForm)
  case null
  case mapping(SchemaMapping)
  case list(of: SchemaNode, mayBeEmpty: Bool, orOne: Single)
  /// What is described once, under this name.
  case definition(String)

  /// Which of a list's items may also stand alone.
  struct Single {
    var value: Bool
    var mapping: Bool
  }

  fileprivate func isSame(as other: SchemaForm) -> Bool {
    switch (self, other) {
    case (.scalar(let a), .scalar(let b)): a == b
    case (.null, .null): true
    case (.mapping(let a), .mapping(let b)): a === b
    case (.list(let a, _, _), .list(let b, _, _)): a === b
    case (.definition(let a), .definition(let b)): a == b
    default: false
    }
  }
}

/// A single value, as an editor may check it.
enum ScalarForm: Equatable {
  /// Any text; numbers and booleans are texts, too.
  case text
  /// A text of at least one character.
  case someText
  case bool
  /// True alone.
  case onlyTrue
  case integer(ClosedRange<Int>)
  case number(ClosedRange<Double>)
  /// A text of this form (a regular expression of ECMA-262); a number is none.
  case pattern(String)
  /// The same, where a number is a text, too.
  case spelled(String)
  /// One of the configuration's own words.
  case words([String])
  /// What has an order: a text or a number, and no boolean.
  case ordered

  static let size = ScalarForm.pattern("^\(TextPattern.positive)(B|KiB|MiB|GiB)$")

  /// - Parameter mayBeZero: `0s` is one, too.
  static func duration(mayBeZero: Bool = false) -> ScalarForm {
    .pattern("^\(mayBeZero ? "[0-9]+" : TextPattern.positive)(ms|s|m|h|d)$")
  }

  /// A text that is not empty, on one line.
  static let line = ScalarForm.spelled("^\(TextPattern.oneLine)\(TextPattern.something)")
}

/// A mapping's keys.
final class SchemaMapping {
  private(set) var keys: [(name: String, value: SchemaNode)] = []
  private(set) var required: [String] = []
  /// Exactly one of each group stands there.
  private(set) var choices: [[String]] = []
  /// What any other key leads to; nil: there are no others.
  private(set) var others: SchemaNode?
  /// The form of those keys.
  private(set) var otherKeys: String?
  func key(_ name: String, in node: SchemaNode) -> SchemaNode {
    if let known = keys.first(where: { $0.name == name }) { return known.value }
    let value = node.below()
    keys.append((name, value))
    return value
  }

  func anyKey(_ pattern: String?, in node: SchemaNode) -> SchemaNode {
    let value = others ?? node.below()
    (others, otherKeys) = (value, pattern)
    return value
  }

  func require(_ name: String) {
    if !required.contains(name) { required.append(name) }
  }

  func requireOne(of names: [String]) {
    if !choices.contains(names) { choices.append(names) }
  }
}

@available(*, unavailable)
extension SchemaMapping: Sendable {}

/// The parts of a configuration that stand in several places, or in themselves.
final class SchemaDefinitions {
  private(set) var nodes: [(name: String, node: SchemaNode)] = []

  /// - Returns: nil: it is described already, or is being described.
  func begin(_ name: String) -> SchemaNode? {
    guard !nodes.contains(where: { $0.name == name }) else { return nil }
    let node = SchemaNode(definitions: self)
    nodes.append((name, node))
    return node
  }
}

@available(*, unavailable)
extension SchemaDefinitions: Sendable {}

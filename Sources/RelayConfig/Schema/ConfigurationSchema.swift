import RelayCore

/// The JSON Schema (draft 2020-12) of routes.yaml, for editors and for those who check files without the relay.
///
/// What it refuses is wrong. What it accepts may be wrong all the same: names that lead nowhere, values that contradict each
/// other and what stands behind a reference only `check` can tell.
package enum ConfigurationSchema {
  package static func json() -> String {
    let reading = Reading(
      file: "", directory: "/", references: References(environment: [:], directory: "/", resolves: false),
      now: .epoch)
    reading.isProbing = true
    let root = SchemaNode(definitions: SchemaDefinitions())
    let node = ConfigNode(
      YAMLNode(content: .scalar("a value", isPlain: true)),
      location: Location(line: 1, column: 1, keyPath: ""), probe: root, reading: reading)
    _ = node.configuration()
    var members: [(String, JSONSchemaValue)] = [
      ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      ("title", .text("routes.yaml of huggy-relay")),
    ]
    if case .object(let own) = root.schema { members += own }
    let definitions = root.definitions.nodes.map { ($0.name, $0.node.schema) }
    members.append(("$defs", .object([("reference", .reference)] + definitions)))
    return JSONSchemaValue.object(members).text(depth: 0)
  }
}

extension SchemaNode {
  fileprivate var schema: JSONSchemaValue {
    let forms = allForms
    let parts = forms.map(\.schema)
    var members: [(String, JSONSchemaValue)] = []
    if let expected { members.append(("description", .text(expected))) }
    if !mayBeEmpty { members.append(("minProperties", .integer(1))) }
    // What is no text may still come by a reference.
    let all = forms.contains(where: \.needsReference) ? parts + [.use("reference")] : parts
    if all.count == 1, case .object(let only) = all[0] {
      members += only
    } else if !all.isEmpty {
      members.append(("anyOf", .list(all)))
    }
    return .object(members)
  }

  /// With the items that may stand alone.
  private var allForms: [SchemaForm] {
    let isFilled = forms.contains {
      if case .mapping(let mapping) = $0 { !mapping.required.isEmpty } else { false }
    }
    return forms.flatMap { form -> [SchemaForm] in
      switch form {
      case .list(let item, _, let single) where single.value:
        [form] + item.allForms.filter { single.mapping || !$0.isMapping }
      // A mapping that needs a key can't be left out.
      case .null: isFilled ? [] : [form]
      case .scalar, .mapping, .list, .definition: [form]
      }
    }
  }
}

extension SchemaForm {
  fileprivate var isMapping: Bool {
    switch self {
    case .mapping: true
    case .scalar, .null, .list, .definition: false
    }
  }

  fileprivate var schema: JSONSchemaValue {
    switch self {
    case .scalar(let form): form.schema
    case .null: .object([("type", .text("null"))])
    case .mapping(let mapping): mapping.schema
    case .list(let items, let mayBeEmpty, _):
      .object(
        [("type", .text("array")), ("items", items.schema)] + (mayBeEmpty ? [] : [("minItems", .integer(1))]))
    case .definition(let name): .use(name)
    }
  }

  /// It is a single value of which the schema asks something that `${…}` is not.
  fileprivate var needsReference: Bool {
    switch self {
    case .scalar(.text), .scalar(.someText), .scalar(.ordered), .null, .mapping, .list, .definition: false
    case .scalar: true
    }
  }
}

extension ScalarForm {
  fileprivate var schema: JSONSchemaValue {
    switch self {
    case .text: Self.scalar([])
    case .someText: Self.scalar([("minLength", .integer(1))])
    case .bool: Self.anyOf(.object([("type", .text("boolean"))]), .words(["true", "false"]))
    case .onlyTrue: .object([("enum", .list([.bool(true), .text("true")]))])
    case .integer(let range):
      // In quotes it is the same number.
      Self.anyOf(
        .object([
          ("type", .text("integer")), ("minimum", .integer(range.lowerBound)),
          ("maximum", .integer(range.upperBound)),
        ]), .matching("^\(TextPattern.number(in: range))$"))
    case .number(let range):
      Self.anyOf(
        .object([
          ("type", .text("number")), ("minimum", .number(range.lowerBound)),
          ("maximum", .number(range.upperBound)),
        ]), .matching(Self.decimal(in: range)))
    case .pattern(let pattern): .matching(pattern)
    case .spelled(let pattern): Self.scalar([("pattern", .text(pattern))])
    case .words(let words): .words(words)
    case .ordered: .object([("type", .list([.text("string"), .text("number")]))])
    }
  }

  /// - Parameter range: Its bounds are whole numbers.
  private static func decimal(in range: ClosedRange<Double>) -> String {
    let (first, last) = (Int(range.lowerBound), Int(range.upperBound))
    return "^(?:\(TextPattern.number(in: first...last - 1))(?:\\.[0-9]+)?|0*\(last)(?:\\.0+)?)$"
  }

  private static func scalar(_ more: [(String, JSONSchemaValue)]) -> JSONSchemaValue {
    .object([("type", .list([.text("string"), .text("number"), .text("boolean")]))] + more)
  }

  private static func anyOf(_ options: JSONSchemaValue...) -> JSONSchemaValue {
    .object([("anyOf", .list(options))])
  }
}

extension SchemaMapping {
  fileprivate var schema: JSONSchemaValue {
    var members: [(String, JSONSchemaValue)] = [("type", .text("object"))]
    if !keys.isEmpty { members.append(("properties", .object(keys.map { ($0.name, $0.value.schema) }))) }
    if !required.isEmpty { members.append(("required", .list(required.map { .text($0) }))) }
    for names in choices {
      let one = names.map { JSONSchemaValue.object([("required", .list([.text($0)]))]) }
      members.append(("oneOf", .list(one)))
    }
    if let otherKeys { members.append(("propertyNames", .object([("pattern", .text(otherKeys))]))) }
    members.append(("additionalProperties", others?.schema ?? .bool(false)))
    return .object(members)
  }
}

/// JSON whose keys keep their order.
private indirect enum JSONSchemaValue {
  case object([(String, JSONSchemaValue)])
  case list([JSONSchemaValue])
  case text(String)
  case integer(Int)
  case number(Double)
  case bool(Bool)

  /// What holds `${…}` is whatever it will be.
  static let reference = JSONSchemaValue.object([
    ("description", .text("a reference: ${NAME}, ${NAME:-default} or ${file:PATH}")),
    ("type", .text("string")), ("pattern", .text("\\$\\{")),
  ])

  static func use(_ name: String) -> JSONSchemaValue { .object([("$ref", .text("#/$defs/\(name)"))]) }

  static func matching(_ pattern: String) -> JSONSchemaValue {
    .object([("type", .text("string")), ("pattern", .text(pattern))])
  }

  static func words(_ words: [String]) -> JSONSchemaValue {
    .object([("enum", .list(words.map { .text($0) }))])
  }

  func text(depth: Int) -> String {
    switch self {
    case .object(let members) where members.isEmpty: "{}"
    case .object(let members):
      enclosed("{", "}", members.map { "\(Self.quoted($0)): \($1.text(depth: depth + 1))" }, depth)
    case .list(let items) where items.allSatisfy(\.isScalar):
      "[\(items.map { $0.text(depth: depth) }.joined(separator: ", "))]"
    case .list(let items): enclosed("[", "]", items.map { $0.text(depth: depth + 1) }, depth)
    case .text(let text): Self.quoted(text)
    case .integer(let number): String(number)
    case .number(let number): number == number.rounded() ? String(Int(number)) : String(number)
    case .bool(let value): value ? "true" : "false"
    }
  }

  private var isScalar: Bool {
    switch self {
    case .object, .list: false
    case .text, .integer, .number, .bool: true
    }
  }

  private func enclosed(_ open: String, _ close: String, _ lines: [String], _ depth: Int) -> String {
    let indent = String(repeating: "  ", count: depth)
    return "\(open)\n\(lines.map { "\(indent)  \($0)" }.joined(separator: ",\n"))\n\(indent)\(close)"
  }

  /// The schema's own texts hold no control characters.
  private static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}

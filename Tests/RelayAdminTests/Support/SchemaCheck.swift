import RelayCore

@testable import RelayAdmin

/// Holds JSON against the schemas of `/openapi.json`: as much of JSON Schema as those use. What it does not know it refuses.
struct SchemaCheck {
  /// The whole document.
  let document: JSONInput

  /// What is wrong; empty: nothing.
  func problems(of value: JSONInput, by schema: JSONInput, at place: String = "$") -> [String] {
    guard case .object(let members) = schema else { return ["\(place): the schema is no object"] }
    return members.sorted { $0.key < $1.key }.flatMap { key, rule in
      problems(of: value, by: key, rule, members, at: place)
    }
  }

  /// What stands in the document at that path.
  func part(_ path: String...) -> JSONInput? {
    path.reduce(document) { part, key in
      if case .object(let members)? = part { members[key] } else { nil }
    }
  }

  private func problems(
    of value: JSONInput, by key: String, _ rule: JSONInput, _ schema: [String: JSONInput], at place: String
  ) -> [String] {
    switch (key, rule) {
    case ("type", .string(let type)): Self.fits(value, type) ? [] : ["\(place): is not of type \(type)"]
    case ("enum", .array(let words)): words.contains(value) ? [] : ["\(place): \(value) is none of \(words)"]
    case ("const", let only): value == only ? [] : ["\(place): is not \(only)"]
    case ("anyOf", .array(let schemas)):
      schemas.contains { problems(of: value, by: $0, at: place).isEmpty }
        ? [] : ["\(place): fits none of \(schemas.count)"]
    case ("$ref", .string(let reference)):
      part("components", "schemas", String(reference.split(separator: "/").last ?? ""))
        .map { problems(of: value, by: $0, at: place) } ?? ["\(place): \(reference) leads nowhere"]
    case ("items", let schema): items(of: value, by: schema, at: place)
    case ("properties", .object(let known)): properties(of: value, by: known, at: place)
    case ("required", .array(let names)):
      names.filter { !Self.has(value, $0) }.map { "\(place): \($0) is missing" }
    case ("additionalProperties", .bool(false)):
      Self.names(value).subtracting(Self.names(schema["properties"] ?? .null)).map {
        "\(place): \($0) is unknown"
      }
    case ("minimum", .integer(let least)):
      Self.number(value).map { $0 >= least } ?? true ? [] : ["\(place): too small"]
    case ("maximum", .integer(let most)):
      Self.number(value).map { $0 <= most } ?? true ? [] : ["\(place): too large"]
    case ("format", .string("date-time")): Timestamp.read(value) == nil ? ["\(place): is no time"] : []
    case ("description", _), ("x-contents", _): []
    default: ["\(place): nobody knows the rule \(key)"]
    }
  }

  private func items(of value: JSONInput, by schema: JSONInput, at place: String) -> [String] {
    guard case .array(let items) = value else { return [] }
    return items.enumerated().flatMap { problems(of: $1, by: schema, at: "\(place)[\($0)]") }
  }

  private func properties(of value: JSONInput, by known: [String: JSONInput], at place: String) -> [String] {
    guard case .object(let members) = value else { return [] }
    return members.sorted { $0.key < $1.key }.flatMap { name, value in
      known[name].map { problems(of: value, by: $0, at: "\(place).\(name)") } ?? []
    }
  }

  private static func fits(_ value: JSONInput, _ type: String) -> Bool {
    switch (type, value) {
    case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null),
      ("integer", .integer), ("number", .integer), ("number", .number):
      true
    default: false
    }
  }

  private static func names(_ value: JSONInput) -> Set<String> {
    if case .object(let members) = value { Set(members.keys) } else { [] }
  }

  private static func has(_ value: JSONInput, _ name: JSONInput) -> Bool {
    if case .string(let name) = name { names(value).contains(name) } else { false }
  }

  private static func number(_ value: JSONInput) -> Int64? {
    if case .integer(let number) = value { number } else { nil }
  }
}

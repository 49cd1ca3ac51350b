import Foundation

@testable import RelayConfig

/// Checks documents by a JSON Schema: as much of draft 2020-12 as the configuration's schema uses. A keyword that it does
/// not know is an error, so that none is passed over.
struct SchemaValidator {
  struct UnknownKeyword: Error { var name: String }

  private let root: [String: Any]

  init(_ json: String) throws {
    root = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:]
  }

  /// - Parameter yaml: One document; nil and false for what is no YAML.
  func accepts(yaml: String) throws -> Bool {
    let yaml = yaml.unicodeScalars.first == "\u{FEFF}" ? String(yaml.unicodeScalars.dropFirst()) : yaml
    guard let node = try? YAMLComposer.root(of: yaml) else { return false }
    return try accepts(Self.value(of: node), by: root)
  }

  /// As YAML 1.2 reads it, and with it the editors.
  private static func value(of node: YAMLNode) -> Any {
    switch node.content {
    case .mapping(let pairs):
      return Dictionary(
        pairs.map { ($0.key.text ?? "?", value(of: $0.value)) }, uniquingKeysWith: { $1 })
    case .sequence(let items): return items.map(value(of:))
    case .scalar(let text, let isPlain):
      guard isPlain else { return text }
      switch text {
      case "", "~", "null", "Null", "NULL": return NSNull()
      case "true", "false": return text == "true"
      default:
        let isNumber =
          text.wholeMatch(of: /[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?/) != nil
        guard isNumber, let number = Double(text) else { return text }
        return number
      }
    }
  }

  private func accepts(_ value: Any, by schema: Any) throws -> Bool {
    if let all = schema as? Bool { return all }
    guard let schema = schema as? [String: Any] else { throw UnknownKeyword(name: "\(schema)") }
    for (keyword, operand) in schema where try !accepts(value, keyword, operand, in: schema) { return false }
    return true
  }

  private func accepts(_ value: Any, _ keyword: String, _ operand: Any, in schema: [String: Any]) throws
    -> Bool
  {
    let (object, list) = (value as? [String: Any], value as? [Any])
    let (text, number) = (value as? String, value is Bool ? nil : value as? Double)
    switch keyword {
    case "$schema", "$defs", "title", "description": return true
    case "$ref": return try accepts(value, by: definition(operand as! String))
    case "type":
      return (operand as? [String] ?? [operand as! String]).contains { Self.type(of: value, is: $0) }
    case "enum": return (operand as! [Any]).contains { Self.isEqual($0, value) }
    case "pattern": return try text.map { try Self.matches($0, operand as! String) } ?? true
    case "minLength": return text.map { $0.count >= operand as! Int } ?? true
    case "minimum": return number.map { $0 >= (operand as! NSNumber).doubleValue } ?? true
    case "maximum": return number.map { $0 <= (operand as! NSNumber).doubleValue } ?? true
    case "minItems": return list.map { $0.count >= operand as! Int } ?? true
    case "items": return try list?.allSatisfy { try accepts($0, by: operand) } ?? true
    case "minProperties": return object.map { $0.count >= operand as! Int } ?? true
    case "required":
      return object.map { object in (operand as! [String]).allSatisfy { object[$0] != nil } } ?? true
    case "propertyNames": return try object?.keys.allSatisfy { try accepts($0, by: operand) } ?? true
    case "properties":
      return try object?.allSatisfy { key, value in
        try (operand as! [String: Any])[key].map { try accepts(value, by: $0) } ?? true
      } ?? true
    case "additionalProperties":
      let known = schema["properties"] as? [String: Any] ?? [:]
      return try object?.allSatisfy { try known[$0.key] != nil || accepts($0.value, by: operand) } ?? true
    case "anyOf": return try (operand as! [Any]).contains { try accepts(value, by: $0) }
    case "oneOf": return try (operand as! [Any]).filter { try accepts(value, by: $0) }.count == 1
    default: throw UnknownKeyword(name: keyword)
    }
  }

  private func definition(_ reference: String) throws -> Any {
    let name = String(reference.dropFirst("#/$defs/".count))
    guard let found = (root["$defs"] as? [String: Any])?[name] else { throw UnknownKeyword(name: reference) }
    return found
  }

  private static func type(of value: Any, is name: String) -> Bool {
    switch name {
    case "object": value is [String: Any]
    case "array": value is [Any]
    case "null": value is NSNull
    case "boolean": value is Bool
    case "string": value is String
    case "number": value is Double && !(value is Bool)
    case "integer": !(value is Bool) && (value as? Double).map { $0 == $0.rounded() } == true
    default: false
    }
  }

  private static func isEqual(_ allowed: Any, _ value: Any) -> Bool {
    if let text = value as? String { return allowed as? String == text }
    if let bool = value as? Bool { return !(allowed is String) && allowed as? Bool == bool }
    return false
  }

  /// ECMA-262's `$` is the end, where another's is also before a line break there.
  private static func withEndsAsInJSON(_ pattern: String) -> String {
    var (result, isEscaped, isInClass) = ("", false, false)
    for character in pattern {
      switch character {
      case _ where isEscaped: isEscaped = false
      case "\\": isEscaped = true
      case "[": isInClass = true
      case "]": isInClass = false
      case "$" where !isInClass:
        result += "\\z"
        continue
      default: break
      }
      result.append(character)
    }
    return result
  }

  private static func matches(_ text: String, _ pattern: String) throws -> Bool {
    try NSRegularExpression(pattern: withEndsAsInJSON(pattern))
      .firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
  }
}

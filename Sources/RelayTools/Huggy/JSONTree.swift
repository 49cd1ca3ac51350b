import RelayJSON

/// JSON that is to be written. Keys keep their order, as they do in what Huggy sends.
enum JSONTree: Sendable {
  case null
  case bool(Bool)
  case number(Int)
  case string(String)
  case array([JSONTree])
  case object([(key: String, value: JSONTree)])

  /// How text is spelled.
  enum Spelling: Sendable {
    /// As UTF-8, only escaped what must be.
    case plain
    /// As PHP's `json_encode` does by default: ASCII only, and `/` as `\/`.
    case php
  }

  func append(to output: inout [UInt8], spelling: Spelling) {
    switch self {
    case .null: output += Array("null".utf8)
    case .bool(let value): output += Array((value ? "true" : "false").utf8)
    case .number(let value): output += Array(String(value).utf8)
    case .string(let text): Self.append(text, to: &output, spelling: spelling)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        element.append(to: &output, spelling: spelling)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        Self.append(member.key, to: &output, spelling: spelling)
        output.append(UInt8(ascii: ":"))
        member.value.append(to: &output, spelling: spelling)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static func append(_ text: String, to output: inout [UInt8], spelling: Spelling) {
    var literal: [UInt8] = []
    JSONWriter.appendString(text, to: &literal)
    guard spelling == .php, literal.contains(where: { $0 >= 0x80 || $0 == UInt8(ascii: "/") }) else {
      output += literal
      return
    }
    for unit in String(decoding: literal, as: UTF8.self).utf16 {
      switch unit {
      case 0x2F: output += Array(#"\/"#.utf8)
      case 0x80...:
        let digits = String(unit, radix: 16)
        output += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
      default: output.append(UInt8(unit))
      }
    }
  }
}

extension JSONTree: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(nilLiteral: ()) { self = .null }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(integerLiteral value: Int) { self = .number(value) }
  init(stringLiteral value: String) { self = .string(value) }
  init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
  init(dictionaryLiteral elements: (String, JSONTree)...) {
    self = .object(elements.map { (key: $0.0, value: $0.1) })
  }
}

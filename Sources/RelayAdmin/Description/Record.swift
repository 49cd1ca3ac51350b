import RelayCore
import RelayText

/// A value that the API reads or writes.
protocol APIValue: Codable, Sendable, Equatable {
  static var schema: Schema { get }
}

/// An object whose fields are its properties, each a `Field` (or a group of them, a `Fields`).
///
/// `init()` is there without being written, as long as other initializers stand in extensions. (A record that other modules make
/// writes `package init() {}`.)
protocol Record: APIValue {
  init()
}

/// What an endpoint answers.
protocol Answer: Record {
  /// How many things it lists, or has changed: for the audit. nil: that can't be said.
  var resultCount: Int? { get }
  /// It is of something that goes on by itself, which keeps its own outcome in the audit once it has ended.
  var isBegun: Bool { get }
}

/// What is asked of an endpoint: the parameters of its address, or the keys of its body.
protocol Input: Record {
  /// The parameters by which it asks for bodies of events, or whether something stands in them: to be answered is to learn what
  /// does. Only for who may see contents, and the audit remembers it. Empty: it does not.
  var contentParameters: [String] { get }
  /// It only asks what a change would do: the audit passes it over.
  var isDryRun: Bool { get }
  /// It wants contents of events to be shown, where the endpoint shows any and the caller may see them.
  var wantsContents: Bool { get }
  /// What the key or parameter is called that says why it is asked.
  static var reasonKey: String { get }
  /// Fields of its groups that say nothing here, and are refused: each with why.
  static var meaningless: [String: String] { get }
}

extension Answer {
  var resultCount: Int? { nil }
  var isBegun: Bool { false }
}

extension Input {
  var contentParameters: [String] { [] }
  var isDryRun: Bool { false }
  var wantsContents: Bool { true }
  static var reasonKey: String { "reason" }
  static var meaningless: [String: String] { [:] }
}

extension Input {
  /// Those of its groups, too.
  var allContentParameters: [String] {
    contentParameters
      + Mirror(reflecting: self).children.flatMap { ($0.value as? any AnyFields)?.contentParameters ?? [] }
  }

  var asksAboutContents: Bool { !allContentParameters.isEmpty }
}

/// No parameters, or no keys.
package struct Nothing: Input {
  package init() {}
}

extension Record {
  static var schema: Schema { .record(RecordType(type: Self.self)) }

  /// In the order of their declaration.
  static func fields(in use: Schema.Use) -> [FieldDescription] {
    let without = (Self.self as? any Input.Type)?.meaningless ?? [:]
    return Mirror(reflecting: Self()).children.flatMap { child -> [FieldDescription] in
      switch child.value {
      case let field as any AnyField:
        [field.description(named: (child.label ?? "").dropFirst().snakeCased, in: use)]
      case let group as any AnyFields: group.descriptions(in: use).filter { without[$0.name] == nil }
      default: []
      }
    }
  }
}

extension StringProtocol {
  /// `inFlight` as `in_flight`.
  var snakeCased: String {
    var text = ""
    for character in self {
      if character.isUppercase { text += "_" }
      text += character.lowercased()
    }
    return text
  }
}

// MARK: The values there are

extension Bool: APIValue {
  static var schema: Schema { .boolean }
}

extension Int: APIValue {
  static var schema: Schema { .integer() }
}

extension Int64: APIValue {
  static var schema: Schema { .integer() }
}

extension Double: APIValue {
  static var schema: Schema { .number }
}

extension String: APIValue {
  static var schema: Schema { .string() }
}

extension Timestamp: APIValue {
  static var schema: Schema { .string(format: "date-time") }
}

extension Optional: APIValue where Wrapped: APIValue {
  static var schema: Schema { .nullable(Wrapped.schema) }
}

extension Array: APIValue where Element: APIValue {
  static var schema: Schema { .array(Element.schema) }
}

/// One of the words of an enumeration.
protocol Word: APIValue, RawRepresentable, CaseIterable where RawValue == String {}

extension Word {
  static var schema: Schema { .word(allCases.map(\.rawValue)) }
}

/// One value, or a list of them.
package struct OneOrMany<Element: Codable & Sendable & Equatable>: Codable, Sendable, Equatable {
  package var all: [Element]

  package init(_ all: [Element]) {
    self.all = all
  }

  package init(from decoder: any Decoder) throws {
    guard var list = try? decoder.unkeyedContainer() else {
      all = [try decoder.singleValueContainer().decode(Element.self)]
      return
    }
    all = []
    while !list.isAtEnd { all.append(try list.decode(Element.self)) }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(all)
  }
}

extension OneOrMany: APIValue where Element: APIValue {
  static var schema: Schema { .either([Element.schema, .array(Element.schema)]) }
}

/// JSON as it is, byte for byte. Written, not read: who asks for it takes it out of the answer as it stands there.
struct RawJSON: APIValue {
  var bytes: [UInt8]

  static var schema: Schema { .any }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  init(from decoder: any Decoder) throws {
    bytes = []
  }

  /// For the API's own encoder, which takes the bytes; another has no place for them.
  func encode(to encoder: any Encoder) throws {
    throw EncodingError.invalidValue(
      bytes,
      EncodingError.Context(codingPath: encoder.codingPath, debugDescription: "these bytes are JSON already"))
  }
}

import FoundationEssentials
import RelayCore

/// What was sent, before anything is made of it: JSON, or the texts of an address's parameters.
indirect enum JSONInput: Decodable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONInput])
  case object([String: JSONInput])
  /// JSON by its grammar that has no value here: a number beyond all measure, half a surrogate pair.
  case unreadable
  /// A parameter of an address, as often as it stands there. Its text is whatever is wanted of it.
  case parameter([String])

  /// - Returns: nil: it is not JSON.
  static func parse(_ bytes: [UInt8]) -> JSONInput? {
    try? JSONDecoder().decode(JSONInput.self, from: Data(bytes))
  }

  init(from decoder: any Decoder) throws {
    // Long arrays hold numbers and strings; each failed try costs more than the value.
    if let scalar = try? decoder.singleValueContainer(), let value = Self.scalar(scalar) {
      self = value
    } else if let object = try? decoder.container(keyedBy: Key.self) {
      var members: [String: JSONInput] = [:]
      for key in object.allKeys { members[key.stringValue] = try object.decode(JSONInput.self, forKey: key) }
      self = .object(members)
    } else if var array = try? decoder.unkeyedContainer() {
      var items: [JSONInput] = []
      while !array.isAtEnd { items.append(try array.decode(JSONInput.self)) }
      self = .array(items)
    } else {
      self = .unreadable
    }
  }

  private static func scalar(_ value: any SingleValueDecodingContainer) -> JSONInput? {
    if value.decodeNil() { return .null }
    if let integer = try? value.decode(Int64.self) { return .integer(integer) }
    if let string = try? value.decode(String.self) { return .string(string) }
    if let bool = try? value.decode(Bool.self) { return .bool(bool) }
    return (try? value.decode(Double.self)).map { .number($0) }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
      self.stringValue = stringValue
    }

    init?(intValue: Int) { nil }
  }
}

/// A value that is read as it is, without being taken apart.
protocol JSONReadable {
  /// - Returns: nil: it is something else.
  static func read(_ input: JSONInput) -> Self?
  /// What it should have been: `a string`.
  static var form: String { get }
}

extension Bool: JSONReadable {
  static let form = "true or false"

  static func read(_ input: JSONInput) -> Bool? {
    switch input {
    case .bool(let flag): flag
    case .parameter(["true"]): true
    case .parameter(["false"]): false
    default: nil
    }
  }
}

extension Int64: JSONReadable {
  static let form = "a whole number"

  static func read(_ input: JSONInput) -> Int64? {
    switch input {
    case .integer(let number): number
    case .parameter(let texts) where texts.count == 1: Int64(texts[0])
    default: nil
    }
  }
}

extension Int: JSONReadable {
  static let form = Int64.form

  static func read(_ input: JSONInput) -> Int? { Int64.read(input).map { Int($0) } }
}

extension Double: JSONReadable {
  static let form = "a number"

  static func read(_ input: JSONInput) -> Double? {
    switch input {
    case .integer(let number): Double(number)
    case .number(let number): number
    case .parameter(let texts) where texts.count == 1: Double(texts[0]).flatMap { $0.isFinite ? $0 : nil }
    default: nil
    }
  }
}

extension String: JSONReadable {
  static let form = "a string"

  static func read(_ input: JSONInput) -> String? {
    switch input {
    case .string(let text): text
    case .parameter(let texts) where texts.count == 1: texts[0]
    default: nil
    }
  }
}

extension Timestamp: JSONReadable {
  static let form = "a time as RFC 3339 writes it, such as 2026-01-02T03:04:05Z"

  static func read(_ input: JSONInput) -> Timestamp? { String.read(input).flatMap { Timestamp(rfc3339: $0) } }
}

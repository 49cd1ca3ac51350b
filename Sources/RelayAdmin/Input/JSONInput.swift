import Foundation

/// A request's body, before anything is made of it.
indirect enum JSONInput: Decodable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONInput])
  case object([String: JSONInput])

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
    } else {
      var array = try decoder.unkeyedContainer()
      var items: [JSONInput] = []
      while !array.isAtEnd { items.append(try array.decode(JSONInput.self)) }
      self = .array(items)
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

import RelayCore
import RelayText

/// Reads records: what was asked of the API, strictly, or what it answered, with an eye for newer ones.
struct RecordDecoder: Decoder {
  enum Strictness {
    /// An unknown key is a misspelt one: without it, more would be meant than was meant. Null is no way to leave something out.
    case request
    /// A newer relay says more.
    case answer
  }

  let input: JSONInput
  fileprivate let strictness: Strictness
  /// Where it stands, in the words of messages: `'until'`, `ids[3]`; nil: it is the whole.
  fileprivate let place: String?
  /// Of the record's fields, by name.
  fileprivate var rules: [String: FieldRule] = [:]

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  fileprivate init(_ input: JSONInput, _ strictness: Strictness, at place: String?) {
    self.input = input
    self.strictness = strictness
    self.place = place
  }

  /// - Throws: `APIError`, which says what is wrong and what would be right.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from input: JSONInput, _ strictness: Strictness
  ) throws -> Value {
    try RecordDecoder(input, strictness, at: nil).decode(type)
  }

  fileprivate func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if let leaf = type as? any JSONReadable.Type {
      guard let value = leaf.read(input) as? Value else { throw wrong("is not \(leaf.form)") }
      return value
    }
    if let word = type as? any Word.Type { return try readWord(word) as! Value }
    guard strictness == .request, let record = type as? any Record.Type else { return try Value(from: self) }
    var decoder = self
    decoder.rules = try check(record)
    return try Value(from: decoder)
  }

  private func readWord<W: Word>(_ type: W.Type) throws -> W {
    guard let text = String.read(input) else { throw wrong("is not a string") }
    if let word = W(rawValue: text) { return word }
    let known = W.allCases.map(\.rawValue)
    // In a list: without its place there.
    let what = (place ?? "value").filter { $0 != "'" }.prefix { $0 != "[" }
    throw APIError.invalidRequest(
      "there is no \(what) '\(text.prefix(100))'\(NearestName.hint(for: text, among: known))")
  }

  /// That nothing stands in an object that the record does not have.
  ///
  /// - Returns: What holds for its fields, by name.
  private func check(_ record: any Record.Type) throws -> [String: FieldRule] {
    guard case .object(let members) = input else { throw wrong("is not a JSON object") }
    let fields = record.fields(in: .request)
    let known = fields.map(\.name)
    for name in members.keys.sorted() where !known.contains(name) {
      if let why = (record as? any Input.Type)?.meaningless[name] {
        throw APIError.invalidRequest("'\(name)' has no meaning here: \(why); leave it out")
      }
      let within = place.map { " in \($0)" } ?? ""
      let what = if case .parameter = members[name] { "parameter" } else { "key" }
      throw APIError.invalidRequest(
        "there is no \(what) '\(name.prefix(100))'\(within)\(NearestName.hint(for: name, among: known))")
    }
    for field in fields {
      guard let value = members[field.name] else { continue }
      try check(value, field)
    }
    return Dictionary(fields.map { ($0.name, $0.rule) }, uniquingKeysWith: { $1 })
  }

  private func check(_ value: JSONInput, _ field: FieldDescription) throws {
    let inner = at(field.name, value)
    switch field.rule {
    case .takesNull, .leftOutIfNil: break
    case .plain, .words, .form, .contents:
      if value == .null { throw inner.wrong("is null; leave it out, or give it a value") }
    case .range(let range):
      guard let number = Int.read(value), range.contains(number) else {
        throw inner.wrong(
          "\(inner.valueText); write a number from \(range.lowerBound) to \(range.upperBound)")
      }
    }
  }

  // MARK: Places

  fileprivate func at(_ name: String, _ value: JSONInput) -> RecordDecoder {
    RecordDecoder(value, strictness, at: place.map { "\($0) '\(name)'" } ?? "'\(name)'")
  }

  fileprivate func at(_ index: Int, _ value: JSONInput) -> RecordDecoder {
    // In a list the name alone: `ids[3]`.
    let name = (place ?? "").filter { $0 != "'" }
    return RecordDecoder(value, strictness, at: "\(name)[\(index)]")
  }

  /// - Parameter what: Follows the place: `is not a string`.
  func wrong(_ what: String) -> APIError {
    if case .parameter(let texts) = input, texts.count > 1 {
      return .invalidRequest("the parameter \(place ?? "") stands twice")
    }
    return .invalidRequest("\(place ?? "the body") \(what)")
  }

  // MARK: Decoder

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let members) = input else { throw wrong("is not a JSON object") }
    return KeyedDecodingContainer(ObjectContainer<Key>(decoder: self, members: members))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    switch input {
    case .array(let items): return ListContainer(decoder: self, items: items)
    case .parameter(let texts): return ListContainer(decoder: self, items: texts.map { .parameter([$0]) })
    default: throw wrong("is not an array")
    }
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { ValueContainer(decoder: self) }
}

private struct ObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: RecordDecoder
  let members: [String: JSONInput]

  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { members.keys.compactMap { Key(stringValue: $0) } }
  func contains(_ key: Key) -> Bool { members[key.stringValue.snakeCased] != nil }
  func decodeNil(forKey key: Key) -> Bool { members[key.stringValue.snakeCased, default: .null] == .null }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    // A group's fields stand in the same object.
    if type is any AnyFields.Type { return try type.init(from: decoder) }
    let name = key.stringValue.snakeCased
    if let value = members[name] {
      let decoded = try decoder.at(name, value).decode(type)
      // What is decoded knows no declaration.
      guard let rule = decoder.rules[name], let field = decoded as? any AnyField else { return decoded }
      return field.ruled(by: rule) as? Value ?? decoded
    }
    if let field = type as? any AnyField.Type, let missing = field.missing as? Value { return missing }
    throw APIError.invalidRequest("\(decoder.at(name, .null).placeText) is missing")
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try inner(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try inner(key).unkeyedContainer()
  }

  func superDecoder() -> any Decoder { decoder }
  func superDecoder(forKey key: Key) -> any Decoder { inner(key) }

  private func inner(_ key: Key) -> RecordDecoder {
    let name = key.stringValue.snakeCased
    return decoder.at(name, members[name, default: .null])
  }
}

extension RecordDecoder {
  fileprivate var placeText: String { place ?? "the body" }

  fileprivate var valueText: String {
    switch input {
    case .parameter(let texts): "is '\(texts.joined(separator: ", ").prefix(100))'"
    case .string(let text): "is '\(text.prefix(100))'"
    case .integer(let number): "is \(number)"
    default: "is no whole number"
    }
  }
}

private struct ListContainer: UnkeyedDecodingContainer {
  let decoder: RecordDecoder
  let items: [JSONInput]
  var currentIndex = 0

  init(decoder: RecordDecoder, items: [JSONInput]) {
    self.decoder = decoder
    self.items = items
  }

  var codingPath: [any CodingKey] { [] }
  var count: Int? { items.count }
  var isAtEnd: Bool { currentIndex == items.count }

  mutating func decodeNil() -> Bool {
    guard items[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    defer { currentIndex += 1 }
    return try next.decode(type)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested>
  {
    try next.container(keyedBy: type)
  }

  func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next.unkeyedContainer() }
  func superDecoder() -> any Decoder { decoder }

  private var next: RecordDecoder { decoder.at(currentIndex, items[currentIndex]) }
}

private struct ValueContainer: SingleValueDecodingContainer {
  let decoder: RecordDecoder

  var codingPath: [any CodingKey] { [] }
  func decodeNil() -> Bool { decoder.input == .null }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decode(type) }
}

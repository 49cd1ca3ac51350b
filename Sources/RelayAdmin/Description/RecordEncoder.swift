import RelayCore

/// Writes records as JSON, their fields in the order of their declaration.
///
/// Foundation's encoder would sort or shuffle the fields, and has no place for an event's bytes as they came.
package final class RecordEncoder {
  fileprivate enum Container {
    case object, array
  }

  /// What is written, and for whom.
  fileprivate enum Use {
    /// - showsContents: Whether who asked may see contents of events.
    case answer(showsContents: Bool)
    /// What is nil, or an empty list, is left out.
    case request
    /// The same, without contents.
    case audit
  }

  fileprivate var output = JSONOutput()
  /// What the value that is being encoded has opened.
  private var opened: Container?
  private let use: Use
  /// Contents were left out.
  private var hasMasked = false

  private init(_ use: Use) {
    self.use = use
  }

  /// An answer in which contents are null for who may not see them says so: `"masked":true`, its last field.
  ///
  /// - Throws: `EncodingError`: a field was never given.
  static func answer(_ value: some Encodable, showsContents: Bool = true) throws -> [UInt8] {
    let encoder = RecordEncoder(.answer(showsContents: showsContents))
    try encoder.write(value)
    guard encoder.hasMasked else { return encoder.output.bytes }
    return encoder.output.bytes.dropLast() + mask
  }

  /// How such an answer ends.
  static let mask = Array(#","masked":true}"#.utf8)

  /// What a client sends.
  package static func request(_ value: some Encodable) throws -> [UInt8] {
    let encoder = RecordEncoder(.request)
    try encoder.write(value)
    return encoder.output.bytes
  }

  /// What the audit remembers of a request.
  static func audit(_ value: some Encodable) throws -> [UInt8] {
    let encoder = RecordEncoder(.audit)
    try encoder.write(value)
    return encoder.output.bytes
  }

  /// How a field is written.
  fileprivate enum Way {
    case asItIs, leftOut, null
  }

  fileprivate func way(of field: any AnyField) -> Way {
    switch use {
    case .request: return field.isEmpty ? .leftOut : .asItIs
    case .audit: return field.isEmpty || field.rule.isContents ? .leftOut : .asItIs
    case .answer(let showsContents):
      if field.rule.isLeftOutIfNil, field.isEmpty { return .leftOut }
      guard field.rule.isContents, !showsContents else { return .asItIs }
      hasMasked = true
      return .null
    }
  }

  fileprivate func write(_ value: some Encodable) throws {
    if let leaf = value as? any JSONWritable { return leaf.write(to: &output) }
    if let word = value as? any Word { return output.string(word.rawValue) }
    let outer = opened
    opened = nil
    try value.encode(to: self)
    switch opened {
    case .object: output.close("}")
    case .array: output.close("]")
    case nil: break
    }
    opened = outer
  }

  /// The fields of a group go into the object that is open.
  fileprivate func writeGroup(_ group: some Encodable) throws { try group.encode(to: self) }

  fileprivate func open(_ container: Container) {
    // A group's, in the object that holds it.
    if opened == .object, container == .object { return }
    opened = container
    output.open(container == .object ? "{" : "[")
  }
}

extension RecordEncoder: Encoder {
  package var codingPath: [any CodingKey] { [] }
  package var userInfo: [CodingUserInfoKey: Any] { [:] }

  package func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    open(.object)
    return KeyedEncodingContainer(ObjectContainer<Key>(encoder: self))
  }

  package func unkeyedContainer() -> any UnkeyedEncodingContainer {
    open(.array)
    return ListContainer(encoder: self)
  }

  package func singleValueContainer() -> any SingleValueEncodingContainer { ValueContainer(encoder: self) }
}

private struct ObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let encoder: RecordEncoder
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) {
    encoder.output.key(ofProperty: key.stringValue)
    encoder.output.raw("null".utf8)
  }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    if value is any AnyFields { return try encoder.writeGroup(value) }
    switch (value as? any AnyField).map({ encoder.way(of: $0) }) ?? .asItIs {
    case .leftOut: return
    case .null: encodeNil(forKey: key)
    case .asItIs:
      encoder.output.key(ofProperty: key.stringValue)
      try encoder.write(value)
    }
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    encoder.output.key(ofProperty: key.stringValue)
    return encoder.container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder.output.key(ofProperty: key.stringValue)
    return encoder.unkeyedContainer()
  }

  func superEncoder() -> any Encoder { encoder }
  func superEncoder(forKey key: Key) -> any Encoder { encoder }
}

private struct ListContainer: UnkeyedEncodingContainer {
  let encoder: RecordEncoder
  var codingPath: [any CodingKey] { [] }
  var count = 0

  init(encoder: RecordEncoder) {
    self.encoder = encoder
  }

  mutating func encodeNil() {
    count += 1
    encoder.output.raw("null".utf8)
  }

  mutating func encode<Value: Encodable>(_ value: Value) throws {
    count += 1
    try encoder.write(value)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    encoder.container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.unkeyedContainer() }
  func superEncoder() -> any Encoder { encoder }
}

private struct ValueContainer: SingleValueEncodingContainer {
  let encoder: RecordEncoder
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { encoder.output.raw("null".utf8) }
  func encode<Value: Encodable>(_ value: Value) throws { try encoder.write(value) }
}

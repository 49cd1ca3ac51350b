import RelayCore

/// Writes records as JSON, their fields in the order of their declaration.
///
/// Foundation's encoder would sort or shuffle the fields, and has no place for an event's bytes as they came.
package final class RecordEncoder {
  fileprivate enum Container {
    case object, array
  }

  fileprivate var output = JSONOutput()
  /// What the value that is being encoded has opened.
  private var opened: Container?
  /// Requests leave out what is nil, or an empty list; answers say so.
  fileprivate let leavesOutEmpty: Bool

  private init(leavesOutEmpty: Bool) {
    self.leavesOutEmpty = leavesOutEmpty
  }

  /// - Throws: `EncodingError`: a field was never given.
  static func answer(_ value: some Encodable) throws -> [UInt8] {
    let encoder = RecordEncoder(leavesOutEmpty: false)
    try encoder.write(value)
    return encoder.output.bytes
  }

  /// What a client sends.
  package static func request(_ value: some Encodable) throws -> [UInt8] {
    let encoder = RecordEncoder(leavesOutEmpty: true)
    try encoder.write(value)
    return encoder.output.bytes
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
    if let field = value as? any AnyField, field.isLeftOut || (encoder.leavesOutEmpty && field.isEmpty) {
      return
    }
    encoder.output.key(ofProperty: key.stringValue)
    try encoder.write(value)
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

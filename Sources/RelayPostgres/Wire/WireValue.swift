import RelayCore

/// A value in PostgreSQL's binary form: what stands in a parameter, in an element of an array, or in a column.
protocol WireValue {
  static var columnType: ColumnType { get }
  /// How many bytes `write` writes.
  var width: Int { get }
  func write(to place: UnsafeMutableRawPointer)
}

extension Int64: WireValue {
  static var columnType: ColumnType { .int8 }
  var width: Int { 8 }
  func write(to place: UnsafeMutableRawPointer) { place.storeBytes(of: bigEndian, as: Int64.self) }
}

extension Int32: WireValue {
  static var columnType: ColumnType { .int4 }
  var width: Int { 4 }
  func write(to place: UnsafeMutableRawPointer) { place.storeBytes(of: bigEndian, as: Int32.self) }
}

extension Int16: WireValue {
  static var columnType: ColumnType { .int2 }
  var width: Int { 2 }
  func write(to place: UnsafeMutableRawPointer) { place.storeBytes(of: bigEndian, as: Int16.self) }
}

extension Bool: WireValue {
  static var columnType: ColumnType { .bool }
  var width: Int { 1 }
  func write(to place: UnsafeMutableRawPointer) { place.storeBytes(of: self ? 1 : 0, as: UInt8.self) }
}

/// As UTF-8. PostgreSQL takes no text that holds U+0000: it fails the statement (22021).
extension String: WireValue {
  static var columnType: ColumnType { .text }
  var width: Int { utf8.count }

  func write(to place: UnsafeMutableRawPointer) {
    var text = self
    text.withUTF8 { place.copyMemory(from: $0) }
  }
}

/// As they are, `bytea`.
extension Array: WireValue where Element == UInt8 {
  static var columnType: ColumnType { .bytea }
  var width: Int { count }

  func write(to place: UnsafeMutableRawPointer) {
    withUnsafeBytes { bytes in place.copyMemory(from: bytes) }
  }
}

extension EventID: WireValue {
  static var columnType: ColumnType { .uuid }
  var width: Int { 16 }

  func write(to place: UnsafeMutableRawPointer) {
    place.storeBytes(of: high.bigEndian, as: UInt64.self)
    place.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
  }
}

/// In microseconds, as all times in the database.
extension Timestamp: WireValue {
  static var columnType: ColumnType { .int8 }
  var width: Int { 8 }
  func write(to place: UnsafeMutableRawPointer) { microseconds.write(to: place) }
}

extension DeliveryID: WireValue {
  static var columnType: ColumnType { .int8 }
  var width: Int { 8 }
  func write(to place: UnsafeMutableRawPointer) { rawValue.write(to: place) }
}

extension UnsafeMutableRawPointer {
  fileprivate func copyMemory(from bytes: UnsafeRawBufferPointer) {
    if let start = bytes.baseAddress { copyMemory(from: start, byteCount: bytes.count) }
  }

  fileprivate func copyMemory(from bytes: UnsafeBufferPointer<UInt8>) {
    copyMemory(from: UnsafeRawBufferPointer(bytes))
  }
}

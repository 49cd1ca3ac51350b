import CPostgres
import RelayCore

/// One row of what a statement returned. Columns count from 0. Who asks for another type than the column has, or for the value of a null
/// without `optional`, has a fault in the program: it ends.
struct Row {
  private let result: CommandResult
  private let row: Int32

  init(_ result: CommandResult, _ row: Int32) {
    self.result = result
    self.row = row
  }

  func isNull(_ column: Int) -> Bool {
    withExtendedLifetime(result) { PQgetisnull(result.handle, row, Int32(column)) == 1 }
  }

  /// Lends a column's bytes, which are not copied; nil: it is null.
  func withBytes<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    withExtendedLifetime(result) {
      guard !isNull(column) else { return nil }
      let start = PQgetvalue(result.handle, row, Int32(column))
      let count = PQgetlength(result.handle, row, Int32(column))
      return body(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }
  }

  private func value<Value>(_ column: Int, _ read: (UnsafeRawBufferPointer) -> Value?) -> Value? {
    withBytes(column) { bytes in
      guard let value = read(bytes) else {
        fatalError("column \(column) has \(bytes.count) bytes: it is of another type than it is read as")
      }
      return value
    }
  }

  private func required<Value>(_ column: Int, _ value: Value?) -> Value {
    guard let value else { fatalError("column \(column) is null") }
    return value
  }

  // MARK: Numbers

  /// Of `int2`, `int4` or `int8`.
  func optionalInteger(_ column: Int) -> Int64? { value(column, Self.integer) }
  func integer(_ column: Int) -> Int64 { required(column, optionalInteger(column)) }

  /// Of `int2` or `int4`.
  func optionalInt32(_ column: Int) -> Int32? {
    value(column) { bytes in bytes.count < 8 ? Self.integer(bytes).map(Int32.init(truncatingIfNeeded:)) : nil
    }
  }

  func int32(_ column: Int) -> Int32 { required(column, optionalInt32(column)) }

  func optionalBool(_ column: Int) -> Bool? { value(column) { $0.count == 1 ? $0[0] != 0 : nil } }
  func bool(_ column: Int) -> Bool { required(column, optionalBool(column)) }

  /// Of `int8`, in microseconds.
  func optionalTime(_ column: Int) -> Timestamp? {
    optionalInteger(column).map { Timestamp(microseconds: $0) }
  }

  func time(_ column: Int) -> Timestamp { required(column, optionalTime(column)) }

  // MARK: Bytes

  func optionalText(_ column: Int) -> String? { withBytes(column) { String(decoding: $0, as: UTF8.self) } }
  func text(_ column: Int) -> String { required(column, optionalText(column)) }

  func optionalBytes(_ column: Int) -> [UInt8]? { withBytes(column) { Array($0) } }
  func bytes(_ column: Int) -> [UInt8] { required(column, optionalBytes(column)) }

  /// Of `uuid`.
  func optionalEventID(_ column: Int) -> EventID? {
    value(column) { bytes in
      guard bytes.count == 16 else { return nil }
      let words = (
        bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      )
      return EventID(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }
  }

  func eventID(_ column: Int) -> EventID { required(column, optionalEventID(column)) }

  // MARK: Arrays

  /// Of `int2[]`, `int4[]` or `int8[]` of one dimension without nulls.
  func optionalIntegers(_ column: Int) -> [Int64]? { value(column, Self.integers) }
  func integers(_ column: Int) -> [Int64] { required(column, optionalIntegers(column)) }

  private static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    switch bytes.count {
    case 8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    case 4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    case 2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    default: nil
    }
  }

  /// The form is that of `Parameters.add(array:)`.
  private static func integers(_ bytes: UnsafeRawBufferPointer) -> [Int64]? {
    func word(_ place: Int) -> Int {
      Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: Int32.self)))
    }
    guard bytes.count >= 12 else { return nil }
    guard word(0) == 1 else { return word(0) == 0 ? [] : nil }
    var numbers: [Int64] = []
    numbers.reserveCapacity(word(12))
    var place = 20
    for _ in 0..<word(12) {
      let width = word(place)
      guard width >= 0,
        let number = integer(UnsafeRawBufferPointer(rebasing: bytes[place + 4..<place + 4 + width]))
      else { return nil }
      numbers.append(number)
      place += 4 + width
    }
    return numbers
  }
}

import Glibc

/// What the parameters of a statement hold, by their places from 1.
///
/// A statement of the path is used anew for each event, and half of what it binds is what it bound the last time: SQLite need not be
/// told again. What is short has its place here, so that SQLite need not allocate one.
final class BoundValues {
  /// A longer text or blob has no place here.
  static let capacity = 32

  enum Kind: UInt8 {
    case null, integer, text, blob
    /// Something long, or what another statement's column had.
    case other
  }

  private struct Value {
    var kind = Kind.null
    var byteCount = 0
    var integer: Int64 = 0
  }

  private let values: UnsafeMutablePointer<Value>
  private let bytes: UnsafeMutableRawBufferPointer

  /// All hold null, as those of a new statement do.
  init(count: Int) {
    values = .allocate(capacity: count)
    values.initialize(repeating: Value(), count: count)
    bytes = .allocate(byteCount: count * Self.capacity, alignment: 8)
  }

  deinit {
    values.deallocate()
    bytes.deallocate()
  }

  /// The parameter is given null.
  ///
  /// - Returns: Whether it held that before.
  func takesNull(_ place: Int32) -> Bool {
    let value = values + Int(place - 1)
    defer { value.pointee.kind = .null }
    return value.pointee.kind == .null
  }

  /// The same with a number.
  func takes(_ place: Int32, _ integer: Int64) -> Bool {
    let value = values + Int(place - 1)
    if value.pointee.kind == .integer && value.pointee.integer == integer { return true }
    (value.pointee.kind, value.pointee.integer) = (.integer, integer)
    return false
  }

  /// The same with a text or a blob of `capacity` bytes at most.
  func takes(_ place: Int32, _ kind: Kind, _ new: UnsafeRawBufferPointer) -> Bool {
    let value = values + Int(place - 1)
    let copy = copy(of: place)
    if value.pointee.kind == kind, value.pointee.byteCount == new.count,
      new.isEmpty || memcmp(copy, new.baseAddress!, new.count) == 0
    {
      return true
    }
    (value.pointee.kind, value.pointee.byteCount) = (kind, new.count)
    if let start = new.baseAddress { copy.copyMemory(from: start, byteCount: new.count) }
    return false
  }

  /// The parameter holds what is not known here.
  func forget(_ place: Int32) {
    values[Int(place - 1)].kind = .other
  }

  /// Where a short text or blob is, as long as this lives.
  func copy(of place: Int32) -> UnsafeMutableRawPointer {
    bytes.baseAddress! + Int(place - 1) * Self.capacity
  }
}

@available(*, unavailable)
extension BoundValues: Sendable {}

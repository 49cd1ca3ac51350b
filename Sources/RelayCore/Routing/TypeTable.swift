import RelayText

/// A value for each of some event types, found without regard to the case of ASCII letters.
///
/// Each event is looked up, so no key is made for that, as a dictionary would want one. The types in it are the configuration's: who
/// chooses the types that are looked up can't make it slow.
struct TypeTable<Value: Sendable>: Sendable {
  private var entries: [(type: [UInt8], value: Value)] = []
  /// By the hash, as many as a power of two: an entry's place and one, or 0. At least half of them are free.
  private var slots: [Int32] = [0]

  init() {}

  /// - Parameter values: By types in lower case.
  init(_ values: [[UInt8]: Value]) {
    entries = values.map { (type: $0.key, value: $0.value) }
    while slots.count < 2 * entries.count { slots = Array(repeating: 0, count: 2 * slots.count) }
    for (place, entry) in entries.enumerated() {
      var slot = entry.type.withUnsafeBufferPointer { start(of: $0) }
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(place + 1)
    }
  }

  subscript(type: String) -> Value? {
    var type = type
    return type.withUTF8 { bytes in
      guard !entries.isEmpty else { return nil }
      var slot = start(of: bytes)
      while slots[slot] != 0 {
        let place = Int(slots[slot]) - 1
        if Self.isAlike(bytes, entries[place].type) { return entries[place].value }
        slot = (slot + 1) & (slots.count - 1)
      }
      return nil
    }
  }

  private static func isAlike(_ type: UnsafeBufferPointer<UInt8>, _ entry: [UInt8]) -> Bool {
    guard type.count == entry.count else { return false }
    for (place, byte) in type.enumerated() where byte.asciiLowercased != entry[place] { return false }
    return true
  }

  private func start(of type: UnsafeBufferPointer<UInt8>) -> Int {
    var hash = FNV1a.start
    for byte in type { hash = FNV1a.add(byte.asciiLowercased, to: hash) }
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & (slots.count - 1)
  }
}

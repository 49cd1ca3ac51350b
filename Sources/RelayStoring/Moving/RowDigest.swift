/// A checksum over the meaning of rows, in their order, and how many they are: both sides of a move make it of the same values, so that
/// it is the same where nothing was lost, doubled, changed or put elsewhere. It finds faults; nobody is kept from making two stores that
/// have the same one.
///
/// Each field is told apart from the next one: by its width, or by its length before it.
package struct RowDigest: Sendable, Equatable {
  package private(set) var count = 0
  private var words: (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, 0x9E37_79B9_7F4A_7C15)

  package init() {}

  /// - Parameter fields: Adds all of the row.
  package mutating func addRow(_ fields: (inout RowDigest) -> Void) {
    fields(&self)
    count += 1
  }

  package mutating func add(_ word: UInt64) {
    words.0 = (words.0 ^ word) &* 0x0000_0100_0000_01B3
    words.0 ^= words.0 >> 29
    words.1 = (words.1 &+ word) &* 0xD6E8_FEB8_6659_FD93
    words.1 ^= words.1 >> 32
  }

  package mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

  package mutating func add(_ number: Int64) { add(UInt64(bitPattern: number)) }

  package mutating func add(_ flag: Bool) { add(flag ? 1 : 0 as UInt64) }

  package mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  package mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(bytes.count)
    let whole = bytes.count & ~7
    for place in stride(from: 0, to: whole, by: 8) {
      add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
    }
    guard whole < bytes.count else { return }
    add(bytes[whole...].reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
  }

  /// - Parameter add: Adds the value, where there is one.
  package mutating func add<Value>(optional value: Value?, _ add: (inout RowDigest, Value) -> Void) {
    guard let value else { return self.add(false) }
    self.add(true)
    add(&self, value)
  }

  package static func == (a: RowDigest, b: RowDigest) -> Bool { a.count == b.count && a.words == b.words }
}

extension RowDigest: CustomStringConvertible {
  /// 32 hexadecimal digits.
  package var description: String {
    [words.0, words.1].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}

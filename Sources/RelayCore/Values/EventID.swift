/// An event's identity: a UUIDv7 (RFC 9562), written `evt_` and the UUID.
///
/// The ids of one envelope are consecutive: the n-th event's id is the first one's plus n. So an envelope's
/// record need only hold the first id and a count.
package struct EventID: Hashable, Sendable {
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The id that stands `distance` places after this one in the same envelope.
  package func advanced(by distance: Int) -> EventID {
    EventID(high: high, low: low + UInt64(distance))
  }

  /// How many places it stands after another id of the same envelope.
  package func distance(from first: EventID) -> Int { Int(low - first.low) }

  /// The millisecond in which the id was made.
  package var milliseconds: Int64 { Int64(high >> 16) }
}

extension EventID: Comparable {
  package static func < (a: EventID, b: EventID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension EventID: CustomStringConvertible {
  package static let prefix = "evt_"

  package var description: String {
    var text: [UInt8] = []
    appendText(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the 40 bytes of `description`.
  package func appendText(to output: inout [UInt8]) {
    withUnsafeTemporaryAllocation(byteCount: 40, alignment: 8) { text in
      let dash = UInt8(ascii: "-")
      let (middle, next) = (HexDigits.ascii(high), HexDigits.ascii(low >> 32))
      text.storeBytes(of: Self.prefixBytes.littleEndian, as: UInt32.self)
      HexDigits.write(high >> 32, at: 4, of: text)
      text[12] = dash
      text.storeBytes(of: Self.first(middle), toByteOffset: 13, as: UInt32.self)
      text[17] = dash
      text.storeBytes(of: Self.last(middle), toByteOffset: 18, as: UInt32.self)
      text[22] = dash
      text.storeBytes(of: Self.first(next), toByteOffset: 23, as: UInt32.self)
      text[27] = dash
      text.storeBytes(of: Self.last(next), toByteOffset: 28, as: UInt32.self)
      HexDigits.write(low, at: 32, of: text)
      output.append(contentsOf: UnsafeRawBufferPointer(text))
    }
  }

  /// `prefix`, its first byte the lowest.
  private static var prefixBytes: UInt32 { 0x5F74_7665 }

  private static func first(_ digits: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: digits).littleEndian }

  private static func last(_ digits: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: digits >> 32).littleEndian
  }

  /// Reads `evt_` and a UUID; nil for anything else.
  package init?(_ text: String) {
    guard text.hasPrefix(Self.prefix) else { return nil }
    let uuid = text.dropFirst(Self.prefix.count).utf8
    guard uuid.count == 36 else { return nil }
    var words: [UInt64] = [0, 0]
    var digits = 0
    for (index, byte) in uuid.enumerated() {
      if [8, 13, 18, 23].contains(index) {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      words[digits / 16] = words[digits / 16] << 4 | UInt64(digit)
      digits += 1
    }
    self.init(high: words[0], low: words[1])
  }
}

/// Makes event ids that never go back, whatever the clock does.
///
/// Layout: 48 bits of milliseconds, the version, 12 random bits, the variant, 62 bits of which the first is clear
/// when a millisecond begins, so that an envelope's ids can count up from it.
package struct EventIDGenerator<Randomness: RandomNumberGenerator & Sendable>: Sendable {
  @usableFromInline var randomness: Randomness
  @usableFromInline var last = EventID(high: 0, low: 0)

  @inlinable
  package init(randomness: Randomness) {
    self.randomness = randomness
  }

  /// The first of `count` consecutive ids.
  @inlinable
  package mutating func next(count: Int, at now: Timestamp) -> EventID {
    let milliseconds = UInt64(max(0, now.milliseconds))
    if milliseconds > last.high >> 16 {
      let high = milliseconds << 16 | 0x7000 | randomness.next() & 0x0FFF
      last = EventID(high: high, low: 0x8000_0000_0000_0000 | randomness.next() & 0x1FFF_FFFF_FFFF_FFFF)
    } else {
      // The same millisecond, or a clock that went back: go on counting.
      last = last.advanced(by: 1 + Int(randomness.next() & 0xFFFF))
    }
    let first = last
    last = last.advanced(by: max(0, count - 1))
    return first
  }
}

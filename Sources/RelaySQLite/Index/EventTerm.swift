import RelayText

/// What an event can be found by in a run, without a look at it: a kind and a value, as 64 bits. Two values may have the same
/// (that is very rare): an event that is found is asked itself.
///
/// What the store holds depends on it: it never changes.
enum EventTerm {
  enum Kind: UInt8, CaseIterable {
    case chat = 1
    case type, company, channel, source, route, destination, fate

    /// Whose values are few, so that runs list them, and patterns are looked for there.
    static let named: [Kind] = [.type, .company, .channel]

    var ignoresCase: Bool { self == .type || self == .channel }
  }

  /// Of a value that is not there.
  static func absent(_ kind: Kind) -> UInt64 { finish(start(kind) ^ 0xFFFF) }

  static func of(_ kind: Kind, _ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = start(kind)
    if kind.ignoresCase {
      for byte in text { hash = FNV1a.add(byte.asciiLowercased, to: hash) }
    } else {
      for byte in text { hash = FNV1a.add(byte, to: hash) }
    }
    return finish(hash)
  }

  static func of(_ kind: Kind, _ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { of(kind, $0) }
  }

  /// Of what has a row of its own.
  static func of(_ kind: Kind, row: Int64) -> UInt64 {
    finish(start(kind) ^ UInt64(bitPattern: row) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Of an event without a delivery.
  static func undelivered(isDropped: Bool) -> UInt64 { of(.fate, row: isDropped ? 1 : 0) }

  /// FNV-1a, and the end of SplitMix64.
  private static func start(_ kind: Kind) -> UInt64 { FNV1a.add(kind.rawValue, to: FNV1a.start) }

  private static func finish(_ hash: UInt64) -> UInt64 {
    var mixed = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

import Glibc

/// Random numbers of the system's, fetched many at a time: each fetch is a system call. Not to be copied once it has been
/// used: both would give the same numbers.
package struct SystemRandomness: RandomNumberGenerator, Sendable {
  /// As many as one call gives.
  private static let count = 32

  private var numbers: [UInt64] = []

  package init() {}

  package mutating func next() -> UInt64 {
    if numbers.isEmpty { fetch() }
    return numbers.removeLast()
  }

  private mutating func fetch() {
    numbers = [UInt64](unsafeUninitializedCapacity: Self.count) { buffer, count in
      let status = getentropy(buffer.baseAddress, Self.count * MemoryLayout<UInt64>.size)
      precondition(status == 0, "the system gives no random numbers")
      count = Self.count
    }
  }
}

/// A small generator that always makes the same numbers of the same seed (Steele, Lea & Flood 2014): for what is to be
/// repeated, in tests and in the player of Huggy's part. Not for secrets.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

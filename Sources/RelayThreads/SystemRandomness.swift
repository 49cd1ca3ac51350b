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

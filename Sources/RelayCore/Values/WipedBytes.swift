/// Bytes in memory of their own, which are overwritten before it is given back.
final class WipedBytes: @unchecked Sendable {  // Nothing changes between its beginning and its end.
  private let memory: UnsafeMutableBufferPointer<UInt8>

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    memory = .allocate(capacity: bytes.count)
    _ = memory.initialize(from: bytes)
  }

  deinit {
    Self.wipe(memory)
    memory.deallocate()
  }

  /// They live as long as this value.
  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(memory) }

  /// Not inlined, and the memory goes to another call after it: so the compiler can't leave the writing out as one that nobody would see.
  @inline(never) static func wipe(_ memory: UnsafeMutableBufferPointer<UInt8>) {
    memory.update(repeating: 0)
  }
}

extension WipedBytes: Hashable {
  /// Its time says nothing of where the two differ, only of how long they are.
  static func == (left: WipedBytes, right: WipedBytes) -> Bool { left.isEqual(to: right.bytes) }

  func isEqual(to other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard memory.count == other.count else { return false }
    var difference: UInt8 = 0
    for index in 0..<other.count { difference |= memory[index] ^ other[index] }
    return difference == 0
  }

  func hash(into hasher: inout Hasher) { hasher.combine(bytes: UnsafeRawBufferPointer(memory)) }
}

/// The document's bytes, read without bounds checks in release builds (debug builds check): the lexer compares
/// its position with `count` before each step, and a second comparison would stand in the innermost loops.
struct DocumentBytes {
  let buffer: UnsafeBufferPointer<UInt8>
  let count: Int

  init(_ buffer: UnsafeBufferPointer<UInt8>) {
    self.buffer = buffer
    count = buffer.count
  }

  @inline(__always)
  subscript(offset: Int) -> UInt8 { buffer[offset] }

  /// The eight bytes at `offset`, the first in the lowest bits. The caller knows that
  /// `offset + 8 <= count`.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    assert(offset >= 0 && offset + 8 <= count)
    return UInt64(
      littleEndian: UnsafeRawBufferPointer(buffer).loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  var startsWithByteOrderMark: Bool { buffer.starts(with: [0xEF, 0xBB, 0xBF]) }

  func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: buffer[range])
  }
}

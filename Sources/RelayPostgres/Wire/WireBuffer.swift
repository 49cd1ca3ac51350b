import Glibc

/// Bytes that are written one after another into memory that grows. `realloc` moves the pages of what is large instead of copying it, and
/// nothing is cleared first.
final class WireBuffer {
  private(set) var start: UnsafeMutableRawPointer
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int) {
    self.capacity = max(64, capacity)
    start = Self.allocated(malloc(self.capacity))
  }

  deinit {
    free(start)
  }

  func copy() -> WireBuffer {
    let copy = WireBuffer(capacity: capacity)
    copy.start.copyMemory(from: start, byteCount: count)
    copy.count = count
    return copy
  }

  /// Makes room for more; then `next` of as many bytes moves nothing.
  func reserve(_ more: Int) {
    guard capacity - count < more else { return }
    capacity = max(2 * capacity, count + more)
    start = Self.allocated(realloc(start, capacity))
  }

  /// Takes the next bytes, which the caller writes at once.
  func next(_ width: Int) -> UnsafeMutableRawPointer {
    reserve(width)
    defer { count += width }
    return start + count
  }

  func append(_ number: Int32) {
    next(4).storeBytes(of: number.bigEndian, as: Int32.self)
  }

  /// Writes over what stands there.
  func set(_ number: Int32, at place: Int) {
    (start + place).storeBytes(of: number.bigEndian, as: Int32.self)
  }

  private static func allocated(_ memory: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer {
    guard let memory else { fatalError("no memory for a statement's parameters") }
    return memory
  }
}

@available(*, unavailable)
extension WireBuffer: Sendable {}

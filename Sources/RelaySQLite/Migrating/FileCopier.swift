import CSQLiteLog
import Glibc

/// Copies a file's bytes within the kernel, or, where the file systems can't do that, through memory.
struct FileCopier {
  private let source: Int32
  private let target: Int32
  private let bytes: Int
  /// Of these, from the beginning.
  private(set) var done = 0
  private var usesKernel: Bool

  /// - Parameter usesKernel: False: as where `copy_file_range(2)` can't be had.
  init(source: Int32, target: Int32, bytes: Int, usesKernel: Bool = true) {
    self.source = source
    self.target = target
    self.bytes = bytes
    self.usesKernel = usesKernel
  }

  /// Goes on until so many bytes are copied.
  ///
  /// - Returns: Why that could not be; EIO where the source is shorter than it was said to be.
  mutating func copy(until end: Int) -> SystemError? {
    let end = min(end, bytes)
    while done < end {
      let count = usesKernel ? withinKernel(end - done) : throughMemory(end - done)
      if count > 0 {
        done += count
      } else if count == 0 && !usesKernel {
        return SystemError(code: EIO)
      } else if count == 0 || Self.unsupported.contains(errno) && usesKernel {
        // Some file systems answer with nothing at all where they can't.
        usesKernel = false
      } else if errno != EINTR {
        return SystemError(code: errno)
      }
    }
    return nil
  }

  private static let unsupported: Set<Int32> = [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EBADF, EPERM]

  private func withinKernel(_ count: Int) -> Int {
    csqlite_copy_bytes(target, source, off_t(done), count)
  }

  private func throughMemory(_ count: Int) -> Int {
    let wanted = min(count, 1 << 20)
    return withUnsafeTemporaryAllocation(byteCount: wanted, alignment: 4_096) { buffer in
      let got = pread(source, buffer.baseAddress!, wanted, off_t(done))
      guard got > 0 else { return got }
      return pwrite(target, buffer.baseAddress!, got, off_t(done))
    }
  }
}

import Glibc
import RelayCore

/// A whole copy: a file that has no name any more, so that it goes with whoever holds it.
final class SQLiteCopy: StoreCopy {
  let format = StoreCopyFormat.sqlite
  let byteCount: Int
  private let descriptor: Int32

  /// Takes the file's name away.
  init(path: String) throws(StoreError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      let reason = String(cString: strerror(errno))
      if descriptor >= 0 { close(descriptor) }
      throw StoreError(code: .failing, message: "the copy \(path) can't be read: \(reason)")
    }
    unlink(path)
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
  }

  deinit {
    close(descriptor)
  }

  func read(at offset: Int, upTo count: Int) throws(StoreError) -> [UInt8] {
    let wanted = min(count, byteCount - offset)
    guard wanted > 0 else { return [] }
    var filled = 0
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
      while filled < wanted {
        let got = pread(descriptor, buffer.baseAddress! + filled, wanted - filled, off_t(offset + filled))
        if got < 0 && errno == EINTR { continue }
        guard got > 0 else {
          failure = got < 0 ? errno : EIO
          break
        }
        filled += got
      }
      initialized = filled
    }
    guard failure == 0 else {
      throw StoreError(
        code: .failing, message: "the copy can't be read: \(String(cString: strerror(failure)))")
    }
    return bytes
  }
}

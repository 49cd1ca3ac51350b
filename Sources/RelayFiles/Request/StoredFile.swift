import Glibc
import RelayCore

/// A file that was fetched, open for reading. From any thread; reading blocks.
final class StoredFile: Sendable {
  enum Failure: Error {
    /// It was there when somebody looked.
    case gone
    /// It is not what was fetched, or can't be read.
    case damaged
  }

  private let descriptor: Int32

  /// - Parameter bytes: How many it has to have.
  init(path: String, bytes: Int) throws(Failure) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw errno == ENOENT ? .gone : .damaged }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == bytes
    else {
      close(descriptor)
      throw .damaged
    }
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// All of these bytes.
  func read(_ range: Range<Int>) throws(Failure) -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, done in
      done = 0
      while done < range.count {
        let part = pread(
          descriptor, buffer.baseAddress! + done, range.count - done, off_t(range.lowerBound + done))
        if part < 0, errno == EINTR { continue }
        guard part > 0 else {
          failed = true
          break
        }
        done += part
      }
    }
    if failed { throw .damaged }
    return bytes
  }
}

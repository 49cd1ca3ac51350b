import Glibc

/// A file beside the store's: whose it is, and reading and writing it whole.
enum SideFile {
  /// It is a file of its own. A link may lead to the store itself, and a file of SQLite's must not be closed by others
  /// (docs/decisions/0022): so it is looked at before it is opened.
  static func isOwn(_ status: stat) -> Bool {
    status.st_mode & S_IFMT == S_IFREG && status.st_nlink == 1
  }

  /// - Returns: What stands there: less than was asked for where the file ends. nil: `errno` says why.
  static func read(_ count: Int, of file: Int32, at offset: Int) -> [UInt8]? {
    var isRead = true
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      done = 0
      while done < count {
        let part = pread(file, buffer.baseAddress! + done, count - done, off_t(offset + done))
        if part < 0 && errno == EINTR { continue }
        isRead = part >= 0
        guard part > 0 else { break }
        done += part
      }
    }
    return isRead ? bytes : nil
  }

  /// - Returns: false: `errno` says why.
  static func write(_ bytes: [UInt8], to file: Int32, at offset: Int) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let part = pwrite(file, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
        if part < 0 && errno == EINTR { continue }
        if part == 0 { errno = ENOSPC }
        guard part > 0 else { return false }
        done += part
      }
      return true
    }
  }
}

import Glibc

/// Which file stood at a path, and as of when, as far as a look at it without reading it tells.
package struct FileVersion: Equatable, Sendable {
  private let device: dev_t
  private let number: ino_t
  private let bytes: off_t
  private let seconds: Int
  private let nanoseconds: Int

  /// - Returns: nil: there is none.
  package init?(path: String) {
    var found = stat()
    guard stat(path, &found) == 0 else { return nil }
    self.init(found)
  }

  /// Of an open file.
  ///
  /// - Returns: nil: it is none that stays as it is between two looks (a pipe, say).
  package init?(descriptor: Int32) {
    var found = stat()
    guard fstat(descriptor, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return nil }
    self.init(found)
  }

  private init(_ found: stat) {
    (device, number, bytes) = (found.st_dev, found.st_ino, found.st_size)
    (seconds, nanoseconds) = (found.st_mtim.tv_sec, found.st_mtim.tv_nsec)
  }
}

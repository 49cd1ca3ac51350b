import Glibc

/// Which file stood at a path, as far as a look at it without opening it tells.
struct FileMark: Equatable {
  private let device: dev_t
  private let number: ino_t
  private let bytes: off_t
  private let seconds: Int
  private let nanoseconds: Int

  /// - Returns: nil: there is none.
  init?(path: String) {
    var found = stat()
    guard stat(path, &found) == 0 else { return nil }
    (device, number, bytes) = (found.st_dev, found.st_ino, found.st_size)
    (seconds, nanoseconds) = (found.st_mtim.tv_sec, found.st_mtim.tv_nsec)
  }
}

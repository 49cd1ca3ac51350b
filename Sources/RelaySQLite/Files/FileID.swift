import Glibc

/// Which file it is, whatever its name: links to it have the same.
struct FileID: Hashable, Sendable {
  var device: UInt
  var inode: UInt

  init(device: UInt, inode: UInt) {
    self.device = device
    self.inode = inode
  }

  // As the kernel packs them.
  var deviceMajor: UInt { device >> 8 & 0xFFF | device >> 32 & ~0xFFF }
  var deviceMinor: UInt { device & 0xFF | device >> 12 & ~0xFF }

  private init(_ status: stat) {
    self.init(device: UInt(status.st_dev), inode: UInt(status.st_ino))
  }

  /// The file of this name, links followed.
  ///
  /// By its name alone: to open and close the file would drop every lock that SQLite has on it in this process
  /// (POSIX: closing any descriptor of a file does).
  static func of(path: String) -> Result<FileID, SystemError> {
    var status = stat()
    return stat(path, &status) == 0 ? .success(FileID(status)) : .failure(SystemError(code: errno))
  }

  static func of(descriptor: Int32) -> FileID? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? FileID(status) : nil
  }
}

/// The system's error of a call that failed.
struct SystemError: Error, Equatable, CustomStringConvertible {
  var code: Int32

  /// Errors that mean: no more bytes may be written. A quota's and the limit of a file's size are no other than a full disk.
  var isFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

  var description: String { String(cString: strerror(code)) }
}

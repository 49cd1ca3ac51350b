import Glibc
import RelayThreads

/// Where samples are kept over restarts. Every call may block: not for the path's threads.
package protocol SeriesKeeping: Sendable {
  /// What was kept, whole; empty: nothing was.
  func read() throws(SeriesFileError) -> [UInt8]
  /// Takes the place of all that was kept.
  func replace(_ bytes: [UInt8]) throws(SeriesFileError)
  /// Writes a part of it anew, where it stands.
  ///
  /// - Throws: Also if what was kept is no longer there: then all is to be written.
  func write(_ bytes: [UInt8], at offset: Int) throws(SeriesFileError)
}

/// Why samples can't be kept, for people.
package struct SeriesFileError: Error, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }

  init(_ what: String, _ path: String, _ error: Int32 = errno) {
    description = "\(what) \(path): \(String(cString: strerror(error)))"
  }
}

/// The file of samples beside the store.
///
/// It is written in place and not synced: what a crash of the machine costs is a few samples (docs/decisions/0037). Only `replace` makes
/// another file, under a name of its own until it is whole and on disk. Whoever removes it loses what it says, and nothing else.
package final class SeriesFile: SeriesKeeping {
  private let path: String
  /// What is open for `write`; negative: nothing.
  private let file = Locked<Int32>(-1)

  package init(path: String) {
    self.path = path
  }

  /// What it is called until it is whole.
  private var newPath: String { "\(path).new" }

  deinit {
    let open = file.withLock { $0 }
    if open >= 0 { close(open) }
  }

  package func read() throws(SeriesFileError) -> [UInt8] {
    // What a kill has left of one that was being made.
    unlink(newPath)
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return [] }
      throw SeriesFileError("can't look at", path)
    }
    guard SideFile.isOwn(status) else { throw SeriesFileError("\(path) is no file of its own") }
    // Longer than any of ours: the first bytes say that it is none.
    let count = min(Int(status.st_size), SeriesFormat.maxBytes + 1)
    let opened = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard opened >= 0 else { throw SeriesFileError("can't open", path) }
    guard let bytes = SideFile.read(count, of: opened, at: 0) else {
      let error = errno
      close(opened)
      throw SeriesFileError("can't read", path, error)
    }
    keep(opened)
    return bytes
  }

  package func replace(_ bytes: [UInt8]) throws(SeriesFileError) {
    unlink(newPath)
    let opened = open(newPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard opened >= 0 else { throw SeriesFileError("can't make", newPath) }
    do throws(SeriesFileError) {
      // Else a crash of the machine may leave an empty file under the old one's name.
      try Self.write(bytes, at: 0, to: opened, path: newPath)
      guard fdatasync(opened) == 0 else { throw SeriesFileError("can't write", newPath) }
      guard rename(newPath, path) == 0 else { throw SeriesFileError("can't write", path) }
    } catch {
      close(opened)
      unlink(newPath)
      throw error
    }
    keep(opened)
  }

  package func write(_ bytes: [UInt8], at offset: Int) throws(SeriesFileError) {
    let opened = file.withLock { $0 }
    var status = stat()
    guard opened >= 0, fstat(opened, &status) == 0, status.st_nlink > 0 else {
      throw SeriesFileError("\(path) is gone")
    }
    try Self.write(bytes, at: offset, to: opened, path: path)
  }

  private func keep(_ opened: Int32) {
    let old = file.withLock { file in
      defer { file = opened }
      return file
    }
    if old >= 0 { close(old) }
  }

  static func write(
    _ bytes: [UInt8], at offset: Int, to file: Int32, path: String
  ) throws(SeriesFileError) {
    guard SideFile.write(bytes, to: file, at: offset) else { throw SeriesFileError("can't write", path) }
  }
}

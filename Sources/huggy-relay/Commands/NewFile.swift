import Glibc
import RelayCore

/// A file that has its name only once it is whole and on disk, and takes no other file's place.
///
/// Until then it has no name, where the file system can do that (Linux' `O_TMPFILE`: not on NFS, SMB, FAT), so that it goes
/// with the process; else a name of its own that nobody else has, beside the other.
final class NewFile {
  let descriptor: Int32
  private let path: String
  /// nil: it has none.
  private var temporaryPath: String?

  /// - Parameter mayBeUnnamed: False: as on a file system that can't do that.
  /// - Throws: `Failure`.
  init(path: String, mayBeUnnamed: Bool = true) throws {
    self.path = path
    var status = stat()
    guard lstat(path, &status) != 0 else {
      throw Failure(
        code: "file_exists", message: "\(path) exists; name a file that does not, or move that one away")
    }
    let unnamed = mayBeUnnamed ? Self.openUnnamed(in: FilePath.parent(of: path)) : -1
    if unnamed >= 0 {
      descriptor = unnamed
      return
    }
    var template = Array((path + ".XXXXXX").utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Self.failure("can't write beside \(path)") }
    temporaryPath = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  deinit {
    if let temporaryPath { unlink(temporaryPath) }
    if descriptor >= 0 { close(descriptor) }
  }

  /// - Returns: How many bytes it has.
  /// - Throws: `Failure`, also where another file has come to its name meanwhile.
  func finish() throws -> Int {
    var status = stat()
    guard fsync(descriptor) == 0, fstat(descriptor, &status) == 0 else {
      throw Self.failure("can't write \(path)")
    }
    try giveName()
    let folder = open(FilePath.parent(of: path), O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
    return Int(status.st_size)
  }

  private func giveName() throws {
    guard let temporaryPath else {
      guard linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 else {
        throw Self.failure("can't name it \(path)")
      }
      return
    }
    // Such a file system may have no links, and a rename replaces what has come there meanwhile: so the name is taken first.
    let taken = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard taken >= 0 else { throw Self.failure("can't name it \(path)") }
    close(taken)
    guard rename(temporaryPath, path) == 0 else {
      let failure = Self.failure("can't name it \(path)")
      unlink(path)
      throw failure
    }
    self.temporaryPath = nil
  }

  /// - Returns: Negative, where that can't be done.
  private static func openUnnamed(in folder: String) -> Int32 {
    // Swift does not see the macro O_TMPFILE: it is this bit, and O_DIRECTORY.
    open(folder, O_RDWR | O_CLOEXEC | O_DIRECTORY | 0o20_000_000, 0o600)
  }

  private static func failure(_ what: String) -> Failure {
    Failure(code: "not_written", message: "\(what): \(String(cString: strerror(errno)))")
  }
}

@available(*, unavailable) extension NewFile: Sendable {}

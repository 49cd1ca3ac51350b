import Foundation

/// A file that has its name only once it is whole and on disk, and takes no other file's place.
///
/// Until then it has no name, where the file system can do that (Linux' `O_TMPFILE`), so that it goes with the process; else
/// a name of its own that nobody else has, beside the other.
final class NewFile {
  let descriptor: Int32
  private let path: String
  /// nil: it has none.
  private var temporaryPath: String?

  /// - Throws: `Failure`.
  init(path: String) throws {
    self.path = path
    var status = stat()
    guard lstat(path, &status) != 0 else {
      throw Failure(
        code: "file_exists", message: "\(path) exists; name a file that does not, or move that one away")
    }
    let unnamed = Self.openUnnamed(in: Self.folder(of: path))
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

  func begins(with text: String) -> Bool {
    var start = [UInt8](repeating: 0, count: text.utf8.count)
    return pread(descriptor, &start, start.count, 0) == start.count && start.elementsEqual(text.utf8)
  }

  /// - Returns: How many bytes it has.
  /// - Throws: `Failure`, also where another file has come to its name meanwhile.
  func finish() throws -> Int {
    var status = stat()
    guard fsync(descriptor) == 0, fstat(descriptor, &status) == 0 else {
      throw Self.failure("can't write \(path)")
    }
    // As a link, since a rename would replace what has come there meanwhile.
    let source = temporaryPath ?? Self.link(to: descriptor)
    guard linkat(AT_FDCWD, source, AT_FDCWD, path, temporaryPath == nil ? AT_SYMLINK_FOLLOW : 0) == 0 else {
      throw Self.failure("can't name it \(path)")
    }
    let folder = open(Self.folder(of: path), O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
    return Int(status.st_size)
  }

  /// - Returns: Negative, where it could not be made or not be given a name later.
  private static func openUnnamed(in folder: String) -> Int32 {
    // Swift does not see the macro O_TMPFILE: this bit and O_DIRECTORY (the same on x86-64 and arm64).
    let temporary: Int32 = 0o20_000_000 | O_DIRECTORY
    let file = open(folder, O_RDWR | O_CLOEXEC | temporary, 0o600)
    guard file >= 0, access(link(to: file), F_OK) != 0 else { return file }
    // Without /proc.
    close(file)
    return -1
  }

  private static func link(to descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func failure(_ what: String) -> Failure {
    Failure(code: "not_written", message: "\(what): \(String(cString: strerror(errno)))")
  }
}

@available(*, unavailable) extension NewFile: Sendable {}

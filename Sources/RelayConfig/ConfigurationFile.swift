#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import RelaySystem

/// Reading whole files, bounded.
enum ConfigurationFile {
  /// Why a file can't be used, and what to do.
  struct Failure: Error {
    var message: String
    var line = 1
  }

  /// The text of the configuration file.
  static func text(at path: String, atMost limit: Int) throws(Failure) -> String {
    let bytes: [UInt8]
    do {
      bytes = try Self.bytes(at: path, atMost: limit)
    } catch {
      throw Failure(message: "\(error.message); name the configuration file with --config")
    }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
    throw Failure(message: "this line is not UTF-8; save the file as UTF-8", line: line + 1)
  }

  /// The bytes of a file.
  static func bytes(at path: String, atMost limit: Int) throws(Failure) -> [UInt8] {
    try contents(of: path, atMost: limit).bytes
  }

  /// The bytes of a file, and which they are.
  static func contents(
    of path: String, atMost limit: Int
  ) throws(Failure) -> (bytes: [UInt8], version: FileVersion?) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    // Looked at before it is read: a change in between is found by the next look.
    let version = FileVersion(descriptor: descriptor)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(errno) }
      if count == 0 { return (bytes, version) }
      bytes += buffer[..<count]
      if bytes.count > limit { throw Failure(message: "the file is larger than \(limit >> 10) KiB") }
    }
  }

  private static func failure(_ code: Int32) -> Failure {
    let reason = String(cString: strerror(code))
    switch code {
    case ENOENT: return Failure(message: "there is no such file")
    case EACCES:
      return Failure(message: "the file can't be read (\(reason)); let the user that runs the relay read it")
    default: return Failure(message: "the file can't be read (\(reason))")
    }
  }

  /// The part of a path before its last slash; `.` for a bare name.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// A path as seen from a directory.
  static func path(_ path: String, in directory: String) -> String {
    if path.hasPrefix("/") || directory.isEmpty || directory == "." { return path }
    return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
  }
}

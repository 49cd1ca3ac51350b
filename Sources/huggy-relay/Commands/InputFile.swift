import Glibc

/// A file that a command is given, or standard input.
enum InputFile {
  /// - Parameter path: `-`: standard input.
  /// - Returns: nil: it can't be read.
  static func bytes(_ path: String) -> [UInt8]? {
    guard path != "-" else { return Descriptor.readAll(STDIN_FILENO) }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return Descriptor.readAll(descriptor)
  }

  /// A file that a command sends on as it is.
  ///
  /// - Throws: `Failure`.
  static func text(_ path: String) throws -> String {
    guard let bytes = bytes(path) else {
      throw Failure(code: "not_found", message: "\(path): no such file, or it can't be read")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(code: "invalid_json", message: "\(path): it is not UTF-8, as JSON is")
    }
    return text
  }
}

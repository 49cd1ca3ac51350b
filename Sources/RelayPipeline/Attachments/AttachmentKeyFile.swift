import Glibc
import RelayCore

/// The file of the key that signs links to files: random bytes, made once, which nobody else may read.
///
/// Who has it can read every file that the relay keeps. Where it is lost, links that were sent before give nothing any more.
package struct AttachmentKeyFile: Sendable {
  private let path: String

  package init(path: String) {
    self.path = path
  }

  /// Reads the key, and makes it first where there is none: then it is on disk once this returns. Blocks.
  ///
  /// - Parameter randomness: Of the system's, but in tests.
  package func load(
    _ randomness: inout some RandomNumberGenerator
  ) throws(AttachmentKeyError) -> SigningSecret {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT else { throw unreadable() }
      return try make(&randomness)
    }
    guard SideFile.isOwn(status) else {
      throw AttachmentKeyError("\(path) is no file of its own: move it away")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw AttachmentKeyError(
        "others may read \(path), the key of the links to files: remove it, and a new one is made; links that were sent "
          + "before end with it")
    }
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw unreadable() }
    defer { close(file) }
    guard let key = SideFile.read(AttachmentSigner.keyBytes + 1, of: file, at: 0) else { throw unreadable() }
    guard key.count == AttachmentSigner.keyBytes else {
      throw AttachmentKeyError(
        "\(path) is not a key of \(AttachmentSigner.keyBytes) bytes: move it away, and a new one is made")
    }
    return SigningSecret(key: key)
  }

  private func make(_ randomness: inout some RandomNumberGenerator) throws(AttachmentKeyError)
    -> SigningSecret
  {
    let key = (0..<AttachmentSigner.keyBytes).map { _ in UInt8.random(in: 0...255, using: &randomness) }
    // Under its name it is whole.
    let draft = path + ".new"
    unlink(draft)
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw unwritable() }
    let isWritten = SideFile.write(key, to: file, at: 0) && fsync(file) == 0
    let reason = errno
    close(file)
    guard isWritten, rename(draft, path) == 0, syncFolder() else {
      if !isWritten { errno = reason }
      let error = unwritable()
      unlink(draft)
      throw error
    }
    return SigningSecret(key: key)
  }

  /// Its name is to be there after a crash, too.
  private func syncFolder() -> Bool {
    let folder = open(FilePath.parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return false }
    defer { close(folder) }
    return fsync(folder) == 0
  }

  private func unreadable() -> AttachmentKeyError {
    AttachmentKeyError("\(path) can't be read: \(String(cString: strerror(errno)))")
  }

  private func unwritable() -> AttachmentKeyError {
    AttachmentKeyError("\(path) can't be written: \(String(cString: strerror(errno)))")
  }
}

/// Why there is no key, and what would help.
package struct AttachmentKeyError: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String

  init(_ description: String) {
    self.description = description
  }
}

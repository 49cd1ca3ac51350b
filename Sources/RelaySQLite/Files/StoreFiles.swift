import Glibc
import RelayCore

/// The store's folder and lock: one relay at a time, and nobody else's eyes.
final class StoreFiles {
  /// Where the file itself is, whatever link leads to it: SQLite keeps the log there, so all else that stands beside the
  /// file does too.
  let databasePath: String
  let fileSystem: FileSystemKind
  /// To be kept until SQLite's last close.
  let lock: StoreLock

  /// Makes the folder and the database file where they are missing (0700 and 0600, unless the folder above is a
  /// group's), and takes the lock.
  ///
  /// - Parameter fileSystem: What it is on; nil: what the system says.
  /// - Throws: `inUse` if another process holds the lock.
  init(databasePath name: String, fileSystem: FileSystemKind? = nil) throws(StoreError) {
    try Self.makeFolder(FilePath.parent(of: name))
    let path = Self.resolved(name)
    let folder = FilePath.parent(of: path)
    let fileSystem = fileSystem ?? .of(file: path)
    self.fileSystem = fileSystem
    do throws(StoreError) {
      lock = try StoreLock(databasePath: path, emulatesFlock: fileSystem.emulatesFlock)
    } catch {
      guard error.code == .inUse else { throw error }
      throw StoreError(
        code: .inUse,
        message: "\(error.message), choose another store.url, or wait for it with --wait-for-store")
    }
    databasePath = path
    Self.sync(folder)
    // Opening takes some room itself, for the log and its index.
    if DiskSpace.ofFileSystem(at: folder).available < 1 << 20 { giveReserve() }
  }

  /// What was set aside for bad days.
  func giveReserve() { ReserveFile(databasePath: databasePath).remove() }

  /// The file's own path: links followed, also one to a file that is yet to be made.
  static func resolved(_ path: String) -> String {
    var path = path
    // As many links as the system follows.
    for _ in 0..<40 {
      if let found = real(path) { return found }
      guard let target = target(ofLink: path) else { break }
      path = target.hasPrefix("/") ? target : FilePath.parent(of: path) + "/" + target
    }
    let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    return real(FilePath.parent(of: path)).map { $0 == "/" ? "/\(name)" : "\($0)/\(name)" } ?? path
  }

  private static func real(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }

  private static func target(ofLink path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes {
      readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  /// Makes the folder and those above it, and syncs each parent, so that a power loss can't take the store away.
  private static func makeFolder(_ path: String) throws(StoreError) {
    var status = stat()
    if stat(path, &status) == 0 { return }
    let above = FilePath.parent(of: path)
    if above != path { try makeFolder(above) }
    guard StoreAccess(in: above).makeFolder(path) == 0 || errno == EEXIST else {
      throw failure("can't make the folder \(path)", SystemError(code: errno))
    }
    sync(above)
  }

  private static func sync(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  static func failure(_ what: String, _ error: SystemError) -> StoreError {
    StoreError(
      code: error.isFull ? .full : .cannotOpen,
      message: "\(what): \(error); "
        + (error.isFull ? "make room on the disk" : "check store.url and who may write there"))
  }
}

@available(*, unavailable)
extension StoreFiles: Sendable {}

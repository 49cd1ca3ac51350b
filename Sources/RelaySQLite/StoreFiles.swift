import Glibc
import RelayCore

/// The store's folder and lock: one relay at a time, and nobody else's eyes.
final class StoreFiles {
  let databasePath: String
  private let lock: Int32

  /// Makes the folder and the database file where they are missing (0700 and 0600, unless the folder above is a
  /// group's), and takes the lock.
  ///
  /// - Throws: `inUse` if another process holds the lock.
  init(databasePath path: String) throws(StoreError) {
    let folder = Self.parent(of: path)
    try Self.makeFolder(folder)
    let access = StoreAccess(in: folder)
    let lock = access.openFile(path + ".lock", O_RDWR | O_CLOEXEC)
    guard lock >= 0 else { throw Self.failure("can't make \(path).lock") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Self.contents(of: lock).map { " (process \($0))" } ?? ""
      close(lock)
      throw StoreError(
        code: .inUse,
        message: "the store \(path) is in use by another huggy-relay\(holder); "
          + "stop that one, or choose another store.url")
    }
    ftruncate(lock, 0)
    _ = "\(getpid())\n".withCString { write(lock, $0, strlen($0)) }
    self.lock = lock
    databasePath = path

    // SQLite gives the files beside it the same mode.
    let file = access.openFile(path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else {
      close(lock)
      throw Self.failure("can't open \(path)")
    }
    close(file)
    Self.sync(folder)
    // Opening takes some room itself, for the log and its index.
    if DiskSpace.ofFileSystem(at: folder).available < 1 << 20 { ReserveFile(databasePath: path).remove() }
  }

  deinit {
    close(lock)
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes the folder and those above it, and syncs each parent, so that a power loss can't take the store away.
  private static func makeFolder(_ path: String) throws(StoreError) {
    var status = stat()
    if stat(path, &status) == 0 { return }
    let above = parent(of: path)
    if above != path { try makeFolder(above) }
    guard StoreAccess(in: above).makeFolder(path) == 0 || errno == EEXIST else {
      throw failure("can't make the folder \(path)")
    }
    sync(above)
  }

  private static func sync(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func contents(of descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self)
  }

  private static func failure(_ what: String) -> StoreError {
    let reason = String(cString: strerror(errno))
    let code: StoreError.Code = errno == ENOSPC ? .full : .cannotOpen
    return StoreError(
      code: code, message: "\(what): \(reason); check store.url and who may write there")
  }
}

@available(*, unavailable)
extension StoreFiles: Sendable {}

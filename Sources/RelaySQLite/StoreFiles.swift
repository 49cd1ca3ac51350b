import Glibc
import RelayCore

/// The store's folder and lock: one relay at a time, and nobody else's eyes.
final class StoreFiles {
  let databasePath: String
  let fileSystem: FileSystemKind
  /// To be kept until SQLite's last close.
  let lock: StoreLock

  /// Makes the folder and the database file where they are missing (0700 and 0600, unless the folder above is a
  /// group's), and takes the lock.
  ///
  /// - Parameter fileSystem: What it is on; nil: what the system says.
  /// - Throws: `inUse` if another process holds the lock.
  init(databasePath path: String, fileSystem: FileSystemKind? = nil) throws(StoreError) {
    let folder = Self.parent(of: path)
    try Self.makeFolder(folder)
    let fileSystem = fileSystem ?? .at(folder)
    self.fileSystem = fileSystem
    lock = try StoreLock(databasePath: path, emulatesFlock: fileSystem.emulatesFlock)
    databasePath = path
    Self.sync(folder)
    // Opening takes some room itself, for the log and its index.
    if DiskSpace.ofFileSystem(at: folder).available < 1 << 20 { giveReserve() }
  }

  /// What was set aside for bad days.
  func giveReserve() { ReserveFile(databasePath: databasePath).remove() }

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

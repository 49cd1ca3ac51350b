import Glibc
import RelayCore

/// Says whose the store is: one relay's at a time.
///
/// The lock is flock(2) on the database file itself, so that no other name of the file (a link, another mount) leads
/// around it. Its descriptor is opened before SQLite opens the file, and closed after SQLite's last close: closing it
/// earlier would drop SQLite's own locks. A file beside it, `.lock`, is locked as well: for releases that know only that
/// one, and for file systems whose flock would stand in SQLite's way. It says which process has it.
final class StoreLock {
  /// The file that is locked.
  let file: FileID
  /// Of the database file, for whoever must read it past SQLite: another one must not be opened, since its close would drop
  /// SQLite's own locks. To be read from, and never closed, by others.
  let descriptor: Int32
  /// -1: it can't be made; the lock on the database stands alone.
  private let beside: Int32

  /// - Throws: `inUse` if another process has it; what else than to stop that one may be done, its caller adds.
  init(databasePath path: String, emulatesFlock: Bool) throws(StoreError) {
    (descriptor, file) = try Self.openFile(path, locks: !emulatesFlock)
    let beside = StoreAccess(in: FilePath.parent(of: path)).openFile(path + ".lock", O_RDWR | O_CLOEXEC)
    guard beside >= 0 else {
      let error = SystemError(code: errno)
      guard emulatesFlock else {
        self.beside = -1
        return
      }
      close(descriptor)
      throw StoreFiles.failure("can't make \(path).lock", error)
    }
    guard Self.locks(beside) else {
      let holder = Self.contents(of: beside).map { " (process \($0))" } ?? ""
      close(beside)
      close(descriptor)
      throw Self.inUse(path, holder)
    }
    ftruncate(beside, 0)
    _ = "\(getpid())\n".withCString { write(beside, $0, strlen($0)) }
    self.beside = beside
  }

  deinit {
    if beside >= 0 { close(beside) }
    close(descriptor)
  }

  /// The database file, made if it is missing, and locked.
  private static func openFile(_ path: String, locks: Bool) throws(StoreError) -> (Int32, FileID) {
    for _ in 0..<10 {
      // SQLite gives the files beside it the same mode.
      let descriptor = StoreAccess(in: FilePath.parent(of: path)).openFile(path, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0 else { throw StoreFiles.failure("can't open \(path)", SystemError(code: errno)) }
      guard !locks || Self.locks(descriptor) else {
        let error = SystemError(code: errno)
        let holder = FileID.of(descriptor: descriptor).flatMap { Self.holder(of: $0) }
        close(descriptor)
        guard error.code == EWOULDBLOCK else { throw StoreFiles.failure("can't lock \(path)", error) }
        throw inUse(path, holder ?? besideHolder(path))
      }
      let file = FileID.of(descriptor: descriptor)
      if let file, FileID.of(path: path) == .success(file) { return (descriptor, file) }
      // Replaced between the two calls: what is locked has no name any more.
      close(descriptor)
    }
    throw StoreError(
      code: .cannotOpen, message: "\(path) is being replaced again and again; stop what does that")
  }

  /// Waits a fifth of a second at most: a process that was killed has its locks until the kernel has closed its files, and a
  /// child that this process has just forked until it runs its own program.
  private static func locks(_ descriptor: Int32) -> Bool {
    for _ in 0..<100 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      guard errno == EWOULDBLOCK else { return false }
      usleep(2_000)
    }
    errno = EWOULDBLOCK
    return false
  }

  private static func inUse(_ path: String, _ holder: String) -> StoreError {
    StoreError(
      code: .inUse,
      message: "the store \(path) is in use by another huggy-relay\(holder); stop that one")
  }

  private static func holder(of file: FileID) -> String? {
    let process = LockTable.now().entries(of: file).first { $0.isFlock && $0.process > 0 }?.process
    return process.map { " (process \($0))" }
  }

  private static func besideHolder(_ path: String) -> String {
    let beside = open(path + ".lock", O_RDONLY | O_CLOEXEC)
    guard beside >= 0 else { return "" }
    defer { close(beside) }
    return contents(of: beside).map { " (process \($0))" } ?? ""
  }

  private static func contents(of descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self)
  }
}

@available(*, unavailable)
extension StoreLock: Sendable {}

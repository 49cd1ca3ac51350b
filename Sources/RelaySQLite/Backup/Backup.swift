import CSQLite
import Glibc
import RelayCore

/// A copy of the database under way. Confined to the store's thread.
///
/// It is made over the connection that writes: what that changes of pages that have been copied is changed in the copy,
/// too. So the copy needs no snapshot, which would hold the log, and need not begin again after each commit, as it would
/// over a connection of its own.
final class Backup {
  private let path: String
  private let file: CopyFile
  private let copy: Connection
  private var handle: OpaquePointer?
  private let sync: @Sendable (Int32) -> Int32
  private let wake: @Sendable () -> Void
  private let completion: (Result<any StoreCopy, StoreError>) -> Void
  private var unsyncedSteps = 0
  private var lastStep: ContinuousClock.Instant?

  /// A step's pages: a quarter of a MiB.
  private static let pagesPerStep: Int32 = 64
  /// So many steps, 8 MiB, may be on their way to the disk.
  static let stepsPerSync = 32
  /// Beside work that is due, steps are made so rarely: they would take a part of each commit's time.
  private static let pauseBesideWork = Duration.milliseconds(10)

  /// - Parameters:
  ///   - sync: As `fdatasync(2)`.
  ///   - wake: Called on another thread when a step may be taken again.
  /// - Throws: `full` where the disk has no room for it beside what the store keeps for itself.
  init(
    of session: StoreSession, sync: @escaping @Sendable (Int32) -> Int32 = { fdatasync($0) },
    wake: @escaping @Sendable () -> Void = {},
    completion: @escaping (Result<any StoreCopy, StoreError>) -> Void
  ) throws(StoreError) {
    self.sync = sync
    self.wake = wake
    path = Self.path(beside: session.files.databasePath)
    self.completion = completion
    try Self.checkRoom(for: session)
    Self.removeLeftover(beside: session.files.databasePath)
    // Made here, so that nobody else can read it at any time.
    let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else {
      let reason = String(cString: strerror(errno))
      throw StoreError(code: .failing, message: "can't make \(path): \(reason); check who may write there")
    }
    self.file = CopyFile(descriptor: file)
    copy = try Connection(path: path)
    // Nobody needs half a copy: it is synced once, when it is whole.
    try copy.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2048")
    handle = try copy.beginBackup(of: session.connection)
  }

  deinit {
    if let handle { sqlite3_backup_finish(handle) }
    unlink(path)
  }

  /// Whether a step would do nothing now: what was copied is on its way to the disk.
  var isWaiting: Bool { file.isSyncing }

  /// Whether to make a step now.
  ///
  /// - Parameter work: Something is due to be committed or read.
  func isDue(beside work: Bool, at now: ContinuousClock.Instant) -> Bool {
    guard work, let lastStep else { return !isWaiting }
    return !isWaiting && lastStep.advanced(by: Self.pauseBesideWork) <= now
  }

  /// Pages that were left after the last step.
  var remainingPages: Int { handle.map { Int(sqlite3_backup_remaining($0)) } ?? 0 }

  /// Copies some pages, outside of any transaction.
  ///
  /// - Returns: Whether it was the last step.
  func step() throws(StoreError) -> Bool {
    guard let handle else { return true }
    guard !file.isSyncing else { return false }
    if let error = file.failure { throw Self.failure(path, "\(error)", isFull: error.isFull) }
    if unsyncedSteps == Self.stepsPerSync {
      unsyncedSteps = 0
      file.beginSync(sync, completion: wake)
      return false
    }
    unsyncedSteps += 1
    lastStep = .now
    let status = sqlite3_backup_step(handle, Self.pagesPerStep)
    // Somebody else is in the way for a moment, such as a checkpoint from outside: the next step tries again.
    if status == SQLITE_OK || status == SQLITE_BUSY || status == SQLITE_LOCKED { return false }
    guard status == SQLITE_DONE else { throw failure(status) }
    self.handle = nil
    let end = sqlite3_backup_finish(handle)
    guard end == SQLITE_OK else { throw failure(end) }
    return true
  }

  /// It is whole, or has failed.
  func end(_ error: StoreError?) {
    if let error { return completion(.failure(error)) }
    do throws(StoreError) {
      // A file by itself, without a log beside it; and no log of the original may ever be taken for its own.
      try copy.execute("PRAGMA journal_mode = DELETE")
      try StoreMark.renew(copy)
      completion(.success(try SQLiteCopy(path: path)))
    } catch {
      completion(.failure(error))
    }
  }

  /// Of a process that was killed while it copied.
  static func removeLeftover(beside database: String) {
    for suffix in ["", "-journal", "-wal", "-shm"] { unlink(path(beside: database) + suffix) }
  }

  /// A name that nobody gives a file of their own: one that a killed process has left is removed by the next start.
  static func path(beside database: String) -> String { database + ".huggy-relay-copy" }

  private static func checkRoom(for session: StoreSession) throws(StoreError) {
    let pages = try session.connection.integer("PRAGMA page_count") ?? 0
    let size = try session.connection.integer("PRAGMA page_size") ?? 0
    let space = DiskSpace.ofFileSystem(at: FilePath.parent(of: session.files.databasePath))
    let needed = Int(pages * size)
    // What is left must not look like a full disk.
    let left = max(256 << 20, space.total / 50)
    guard space.available - needed > left else {
      throw StoreError(
        code: .full,
        message:
          "the copy takes \(needed >> 20) MiB beside the store until it has been fetched, and its disk has "
          + "\(space.available >> 20) MiB, of which \(left >> 20) MiB must stay free: make room, or stop the relay and "
          + "copy the file")
    }
  }

  private func failure(_ status: Int32) -> StoreError {
    Self.failure(path, String(cString: sqlite3_errstr(status)), isFull: status & 0xFF == SQLITE_FULL)
  }

  private static func failure(_ path: String, _ reason: String, isFull: Bool) -> StoreError {
    StoreError(
      code: isFull ? .full : .failing,
      message: "the store can't be copied to \(path): \(reason); look at its disk, and try again")
  }
}

@available(*, unavailable)
extension Backup: Sendable {}

import Glibc
import RelayCore

/// Which files the store is in: its database, and its log. Looked at before each commit is answered, since what is
/// written to a file that no name leads to any more is in no store that a restart would find.
struct StoreIdentity: Equatable, Sendable {
  let databasePath: String
  let logPath: String
  let database: FileID
  let log: FileID

  init(databasePath: String, logPath: String, database: FileID, log: FileID) {
    self.databasePath = databasePath
    self.logPath = logPath
    self.database = database
    self.log = log
  }

  /// Of an open store.
  ///
  /// - Parameter locked: The database file that is locked, which must be the one that has the name.
  init(databasePath: String, logPath: String, locked: FileID) throws(StoreError) {
    let database = FileID.of(path: databasePath)
    guard database == .success(locked), case .success(let log) = FileID.of(path: logPath) else {
      throw StoreError(
        code: .cannotOpen,
        message: "\(databasePath) was removed or replaced while the store was being opened; start again")
    }
    self.init(databasePath: databasePath, logPath: logPath, database: locked, log: log)
  }

  /// Two looks at the file system, some microseconds, without a descriptor.
  ///
  /// - Throws: `lost`, once another file or none has one of the names, or it can't be seen. That lasts.
  func check() throws(StoreError) {
    try check(databasePath, database)
    try check(logPath, log)
  }

  private func check(_ path: String, _ expected: FileID) throws(StoreError) {
    switch FileID.of(path: path) {
    case .success(expected): return
    case .success: throw Self.lost(path, "another file has its name")
    case .failure(let error) where error.code == ENOENT || error.code == ENOTDIR:
      throw Self.lost(path, "it was removed or moved")
    // What was committed has not been answered: only the next start finds out what is in the file.
    case .failure(let error): throw Self.lost(path, "it can't be seen (\(error))")
    }
  }

  private static func lost(_ path: String, _ what: String) -> StoreError {
    StoreError(
      code: .lost,
      message: "the store's file \(path) is gone: \(what); what would be written now would be lost. Stop the "
        + "relay, put the file and its -wal back (or a backup without a -wal), and start it again")
  }
}

import Glibc
import RelayCore

/// Which files the store is in: its database, and its log. Looked at before a sender or a person is told that something is
/// kept, since what is written to a file that no name leads to any more is in no store that a restart would find.
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
  /// - Returns: Why one of the files can't be seen just now: nobody knows whether it is there. nil: both are.
  /// - Throws: `lost`, once another file or none has one of the names. That lasts.
  func check() throws(StoreError) -> StoreError? {
    // Both, whatever the first look says: one that is lost counts more.
    let unseen = try check(databasePath, database)
    return try check(logPath, log) ?? unseen
  }

  private func check(_ path: String, _ expected: FileID) throws(StoreError) -> StoreError? {
    switch FileID.of(path: path) {
    case .success(expected): return nil
    case .success: throw Self.lost(path, "another file has its name")
    case .failure(let error) where error.code == ENOENT || error.code == ENOTDIR:
      throw Self.lost(path, "it was removed or moved")
    case .failure(let error):
      return StoreError(
        code: .failing,
        message:
          "the store's file \(path) can't be seen (\(error)): nobody knows whether what is written stays; "
          + "look at its disk and at who may enter its folder")
    }
  }

  private static func lost(_ path: String, _ what: String) -> StoreError {
    StoreError(
      code: .lost,
      message: "the store's file \(path) is gone: \(what); what would be written now would be lost. Stop the "
        + "relay, put the file and its -wal back (or a backup without a -wal), and start it again")
  }
}

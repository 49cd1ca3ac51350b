import CSQLite
import CSQLiteLog
import Glibc
import RelayCore

/// A connection to one SQLite database. Confined to the thread that opened it.
final class Connection {
  /// Where the log's index is.
  enum Index {
    /// In a mapped file, `-shm`: for every process.
    case shared
    /// In this process's memory: for its connections alone. Others can't open the database meanwhile.
    case own
  }

  /// Where its log's index is.
  let index: Index
  private let handle: OpaquePointer
  private let path: String
  /// Released after the close.
  private let lock: StoreLock?
  /// The last error of the present transaction was one of writing: the disk may have no room, whatever it said.
  private(set) var lastErrorWasOfWriting = false
  /// What the system said of that error.
  private(set) var lastSystemError: SystemError?

  /// - Parameters:
  ///   - gathersLog: Its log is written in few large pieces. Only with `synchronous = FULL`: else others would see
  ///     a commit before it is in the log.
  ///   - readsBackwards: It mostly goes from new rows to old ones: see `read_ahead.h`. Only where it reads.
  ///   - lock: Kept until the connection has been closed.
  /// - Throws: `StoreError` that names the path and what to do.
  init(
    path: String, readOnly: Bool = false, gathersLog: Bool = false, readsBackwards: Bool = false,
    index: Index = .shared, lock: StoreLock? = nil
  ) throws(StoreError) {
    let vfs: String? =
      switch index {
      case .shared: gathersLog ? Self.logVFS : readsBackwards ? Self.readAheadVFS : nil
      case .own: gathersLog && Self.logVFS != nil ? String(cString: csqlite_log_vfs_own_index) : "unix-excl"
      }
    var handle: OpaquePointer?
    // One that only reads would take SQLite's other locks, which are no good for an index of our own.
    let opensReadOnly = readOnly && index == .shared
    let access = opensReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    let status = sqlite3_open_v2(path, &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, vfs)
    guard status == SQLITE_OK, let handle else {
      let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      sqlite3_close_v2(handle)
      throw StoreError(
        code: .cannotOpen,
        message: "the store \(path) can't be opened: \(reason); check the folder and its permissions")
    }
    self.handle = handle
    self.path = path
    self.index = index
    self.lock = lock
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, 5_000)
    if readOnly && !opensReadOnly { try execute("PRAGMA query_only = ON") }
  }

  /// A connection that only reads, beside the one that writes.
  ///
  /// - Parameters:
  ///   - file: Which file that is to be; nil: whichever.
  ///   - fileSystem: What it is on; nil: what the system says.
  ///   - readsBackwards: It mostly goes from new rows to old ones.
  convenience init(
    lookingInto path: String, file: FileID?, fileSystem: FileSystemKind? = nil, readsBackwards: Bool = false
  ) throws(StoreError) {
    if let file, FileID.of(path: path) != .success(file) {
      throw StoreError(
        code: .lost, message: "the store's file \(path) is not the one that the relay writes to any more")
    }
    let fileSystem = fileSystem ?? .of(file: path)
    try self.init(
      path: path, readOnly: true, readsBackwards: readsBackwards,
      index: fileSystem.canFaultWhenFull ? .own : .shared)
  }

  /// Reads the file as it is, without its log, and takes no lock: nobody may write to it meanwhile.
  init(path: String, ignoringLog: Void) throws(StoreError) {
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_URI
    let status = sqlite3_open_v2("file:\(Self.escaped(path))?immutable=1", &handle, flags, nil)
    guard status == SQLITE_OK, let handle else {
      sqlite3_close_v2(handle)
      throw StoreError(code: .cannotOpen, message: "\(path) can't be read")
    }
    self.handle = handle
    self.path = path
    index = .own
    lock = nil
  }

  /// For a URI.
  private static func escaped(_ path: String) -> String {
    path.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#"), 0x80...:
        "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      default: String(UnicodeScalar(byte))
      }
    }.joined()
  }

  /// Who is in the way is not waited for.
  func withoutWaiting<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    let timeout = try integer("PRAGMA busy_timeout") ?? 0
    try execute("PRAGMA busy_timeout = 0")
    defer { try? execute("PRAGMA busy_timeout = \(timeout)") }
    return try body()
  }

  /// What is freed meanwhile is overwritten: deleted rows, and whole pages.
  func overwritingFreed<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    try execute("PRAGMA secure_delete = ON")
    defer { try? execute("PRAGMA secure_delete = FAST") }
    return try body()
  }

  /// Begins to copy another database into this one.
  func beginBackup(of source: Connection) throws(StoreError) -> OpaquePointer {
    guard let backup = sqlite3_backup_init(handle, "main", source.handle, "main") else {
      throw error(sqlite3_errcode(handle))
    }
    return backup
  }

  /// The log's file: beside the database itself, also where that was opened by a link's name.
  var logPath: String {
    guard let file = sqlite3_db_filename(handle, "main"), let log = sqlite3_filename_wal(file) else {
      return path + "-wal"
    }
    return String(cString: log)
  }

  /// Where in the log's file the last write ended; 0 where the log is not gathered.
  var logEnd: Int64 { csqlite_log_end(handle) }

  /// From now on the close leaves the log alone: the name may belong to another file's log.
  func keepLogOnClose() { _ = csqlite_keep_log_on_close(handle) }

  /// The VFS that gathers the log; nil, if it can't be had: SQLite's own does the same in more steps.
  ///
  /// Made once in the process, after SQLite has been told to keep no statistics of its memory (refused, and of no
  /// consequence, where other code has used SQLite before).
  private static let logVFS: String? = {
    _ = csqlite_forget_memory_statistics()
    return csqlite_register_log_vfs() == SQLITE_OK ? String(cString: csqlite_log_vfs) : nil
  }()

  /// nil, if it can't be had: then each page is a read of its own.
  private static let readAheadVFS: String? =
    csqlite_register_read_ahead_vfs() == SQLITE_OK ? String(cString: csqlite_read_ahead_vfs) : nil

  /// Whether it has.
  var readsAhead: Bool { csqlite_reads_ahead(handle) != 0 }

  deinit {
    sqlite3_close_v2(handle)
  }

  /// Ends a transaction that has failed, and forgets what of it is on its way to the log.
  func rollBack() {
    if isInTransaction { try? execute("ROLLBACK") }
    csqlite_log_discard(handle)
  }

  /// A transaction begins: what comes of it has nothing to do with what failed before.
  func forgetErrors() {
    lastErrorWasOfWriting = false
    lastSystemError = nil
    _ = csqlite_log_take_error(handle)
  }

  /// Whether an overwrite of the file leaves the bytes beside it alone whatever happens, as SQLite takes for granted.
  var isPowersafe: Bool {
    var answer: Int32 = -1
    return sqlite3_file_control(handle, "main", SQLITE_FCNTL_POWERSAFE_OVERWRITE, &answer) == SQLITE_OK
      && answer == 1
  }

  /// Reads a little from the file, past SQLite's cache: whether it can be read at all. The system may have it in memory, so
  /// it says nothing of the disk.
  func readHeader() throws(StoreError) { try check(csqlite_read_header(handle)) }

  /// Runs statements that take no values and return none that matter.
  func execute(_ sql: String) throws(StoreError) {
    try check(sqlite3_exec(handle, sql, nil, nil, nil))
  }

  func prepare(_ sql: String) throws(StoreError) -> Statement {
    var statement: OpaquePointer?
    try check(sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
    return Statement(statement!, connection: self, sql: sql)
  }

  /// The first column of the first row, as a number.
  func integer(_ sql: String) throws(StoreError) -> Int64? {
    let statement = try prepare(sql)
    return try statement.step() ? statement.integer(0) : nil
  }

  /// Rows that the last statement changed.
  var changes: Int { Int(sqlite3_changes(handle)) }

  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  func check(_ status: Int32) throws(StoreError) {
    guard status == SQLITE_OK || status == SQLITE_ROW || status == SQLITE_DONE else { throw error(status) }
  }

  private func error(_ status: Int32) -> StoreError {
    let reason = String(cString: sqlite3_errmsg(handle))
    let system = systemError(status)
    lastSystemError = system
    lastErrorWasOfWriting = Self.writingErrors.contains(status)
    // A full disk may show as an input or output error, too: at the sync, or as a quota.
    if status & 0xFF == SQLITE_FULL || system?.isFull == true {
      let why = system.map { ": \($0)" } ?? ""
      return StoreError(code: .full, message: "the disk of the store is full\(why); make room")
    }
    switch status & 0xFF {
    case SQLITE_NOTADB:
      return StoreError(
        code: .cannotOpen, message: "\(path) is no SQLite database; choose another store.url")
    case SQLITE_CORRUPT:
      return StoreError(code: .failing, message: "the store is damaged: \(reason)")
    default:
      let why = system.map { ": \($0)" } ?? ""
      return StoreError(
        code: .failing,
        message: "the store failed: \(reason)\(why) (SQLite \(sqlite3_extended_errcode(handle)))")
    }
  }

  /// What the system said, as near to the call that failed as it was kept: for the log by the VFS, for the database by
  /// SQLite. nil: nothing, or it was no error of the system's.
  private func systemError(_ status: Int32) -> SystemError? {
    var code = csqlite_log_take_error(handle)
    switch status & 0xFF {
    // SQLite's own limit of pages has none: what it kept is of an earlier error.
    case SQLITE_FULL: break
    case SQLITE_IOERR:
      if code == 0 { sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &code) }
      if code == 0 { code = sqlite3_system_errno(handle) }
    case SQLITE_CANTOPEN: code = sqlite3_system_errno(handle)
    default: return nil
    }
    return code == 0 ? nil : SystemError(code: code)
  }

  private static let writingErrors: Set<Int32> = Set(
    // Write, sync, sync of the folder, truncate, the index's size.
    [3, 4, 5, 6, 19].map { SQLITE_IOERR | $0 << 8 }
      + [SQLITE_FULL])
}

@available(*, unavailable)
extension Connection: Sendable {}

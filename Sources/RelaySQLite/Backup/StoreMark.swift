import Glibc
import RelayCore

/// Tells whether the log beside a database file is that file's own.
///
/// SQLite ties neither to the other: a log that was left by one file is replayed into whatever stands under its name, so
/// that a restored copy is undone, or damaged. So every start writes a new random number into the database itself (its
/// mark), while the log is empty, and notes it in a file beside it. A copy from another time has another mark.
///
/// The file beside it has the mark as hexadecimal digits in a line; two lines while it is being changed: the database file
/// has either then, until its log is empty. As long as somebody reads, it can't be emptied: then the next start changes
/// nothing, since a third mark would push out the one that the file may still have.
struct StoreMark {
  private let databasePath: String
  private var path: String { databasePath + ".mark" }

  init(databasePath: String) {
    self.databasePath = databasePath
  }

  /// Before SQLite opens the file: it would replay the log at once.
  ///
  /// - Throws: `foreignLog`, if there is a log that something else has left here.
  func check() throws(StoreError) {
    let log = databasePath + "-wal"
    guard Self.size(of: log) > 0, let noted, let mark = markWithoutLog, !noted.contains(Substring(mark))
    else { return }
    throw StoreError(
      code: .foreignLog,
      message:
        "\(log) does not look like the log of \(databasePath): was another file put in its place (restored)? "
        + "Its changes would undo or damage that one. Copy both files first. If \(databasePath) was restored, "
        + "move \(log) and \(databasePath)-shm away; if it was not, the log may hold accepted events that "
        + "are nowhere else: leave it, and move \(path) away to have it taken")
  }

  /// The mark of this start.
  func renew(_ connection: Connection) throws(StoreError) {
    if let noted, noted.count > 1 {
      guard try Self.emptyLog(connection) else { return }
    }
    let old = try Self.read(connection)
    let new = Self.random()
    try note([old, new].compactMap { $0 })
    try Self.write(new, connection)
    // It must stand in the file itself, not in the log: a log that is not empty is told by it.
    guard try Self.emptyLog(connection) else { return }
    try note([new])
  }

  /// - Returns: false: a reader is in the way. It is not waited for.
  private static func emptyLog(_ connection: Connection) throws(StoreError) -> Bool {
    try connection.withoutWaiting { () throws(StoreError) in
      try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0
    }
  }

  /// Another mark than the original's.
  static func renew(_ connection: Connection) throws(StoreError) { try write(random(), connection) }

  // MARK: In the database

  /// nil: none was written yet.
  private static func read(_ connection: Connection) throws(StoreError) -> String? {
    let query = try connection.prepare("SELECT value FROM mark WHERE value <> ''")
    defer { query.reset() }
    return try query.step() ? query.text(0) : nil
  }

  private static func write(_ mark: String, _ connection: Connection) throws(StoreError) {
    let update = try connection.prepare("UPDATE mark SET value = ?1")
    update.bind(1, mark)
    try update.run()
  }

  /// As the file has it, whatever the log says; nil: it has none, or can't be read without its log.
  private var markWithoutLog: String? {
    guard let connection = try? Connection(path: databasePath, ignoringLog: ()) else { return nil }
    return try? Self.read(connection)
  }

  private static func random() -> String {
    var randomness = SystemRandomNumberGenerator()
    return String(randomness.next(), radix: 16)
  }

  // MARK: Beside it

  private var noted: [Substring]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = Glibc.read(file, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
  }

  private func note(_ marks: [String]) throws(StoreError) {
    let text = Array(marks.map { $0 + "\n" }.joined().utf8)
    let access = StoreAccess(in: FilePath.parent(of: path))
    let file = access.openFile(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw failure() }
    defer { close(file) }
    // One write of fewer bytes than a sector; the rest of a longer one before it is cut off after.
    guard pwrite(file, text, text.count, 0) == text.count, ftruncate(file, off_t(text.count)) == 0,
      fdatasync(file) == 0
    else { throw failure() }
  }

  private func failure() -> StoreError {
    let code: StoreError.Code = errno == ENOSPC || errno == EDQUOT ? .full : .cannotOpen
    return StoreError(
      code: code,
      message:
        "can't write \(path): \(String(cString: strerror(errno))); make room, or check who may write there")
  }

  private static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}

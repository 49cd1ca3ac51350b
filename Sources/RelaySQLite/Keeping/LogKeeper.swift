import Glibc
import RelayCore

/// Moves the log into the file, and finds out who or what is in the way. Confined to the store's thread.
///
/// SQLite does it by itself with a commit once the log has `pages`, and tells nobody when it can't. So a log that has
/// grown to twice that is looked at.
final class LogKeeper {
  private(set) var hold = LogHold()
  private let connection: Connection
  /// The log's index, where its readers' locks are; nil: it is in memory, and nobody else can read.
  private let index: FileID?
  private let pages: Int
  private let locks: () -> LockTable

  init(
    _ connection: Connection, pages: Int, locks: @escaping () -> LockTable = { LockTable.now() }
  ) {
    self.connection = connection
    self.pages = pages
    self.locks = locks
    let log = connection.logPath
    // One that an earlier run has left is nobody's where the index is in memory.
    index =
      connection.index == .own
      ? nil : try? FileID.of(path: String(log.dropLast("-wal".count)) + "-shm").get()
    letSQLiteMove(true)
  }

  /// From then on SQLite moves it: frames are pages, with 24 bytes before each.
  func fullBytes(_ size: StoreSize) -> Int { pages * (size.pageBytes + 24) }

  func isLarge(_ size: StoreSize) -> Bool { size.logBytes > 2 * pages * size.pageBytes }

  func isDue(_ size: StoreSize, _ now: Timestamp) -> Bool {
    hold.isDue(isLarge: isLarge(size), now: now)
  }

  /// Moves all of the log into the file, and gives its space back; or finds out why not.
  func look(_ now: Timestamp) throws(StoreError) {
    let wasBlocked = hold.isBlocked
    // With each commit SQLite would go through all that it could not move.
    defer { if hold.isBlocked != wasBlocked { letSQLiteMove(!hold.isBlocked) } }
    do throws(StoreError) {
      hold.note(try checkpoint(cutsLog: true) ? .free : finding(), at: now)
    } catch {
      hold.note(.failed(error.message), at: now)
      throw error
    }
  }

  /// Moves what is in the log to the file, and cuts the file to its length. A reader that is in the way is not waited for.
  ///
  /// - Parameter cutsLog: Gives the log's own space back too; else it is written over.
  /// - Returns: Whether nobody was in the way.
  @discardableResult
  func checkpoint(cutsLog: Bool) throws(StoreError) -> Bool {
    try connection.withoutWaiting { () throws(StoreError) in
      let query = try connection.prepare("PRAGMA wal_checkpoint(\(cutsLog ? "TRUNCATE" : "PASSIVE"))")
      defer { query.reset() }
      guard try query.step() else { return true }
      return query.integer(0) == 0 && query.integer(1) == query.integer(2)
    }
  }

  private func letSQLiteMove(_ isOn: Bool) {
    try? connection.execute("PRAGMA wal_autocheckpoint = \(isOn ? pages : 0)")
  }

  private func finding() -> LogHold.Finding {
    guard let index else { return .free }
    let entries = locks().entries(of: index)
    let readers = entries.filter { $0.isReader }
    let others = readers.filter { $0.process != getpid() && $0.process > 0 }
    if let other = others.first { return .held(by: LockTable.name(ofProcess: other.process)) }
    // Our own looks into it end by themselves. And a table that does not show that we have the index open (other numbers for
    // the file, as on overlayfs) says nothing of others either.
    let own = entries.filter { $0.process == getpid() }
    guard !own.isEmpty else { return .held(by: nil) }
    return own.contains { $0.isReader }
      ? .free : .held(by: "a process that can't be seen from here, perhaps in another container")
  }
}

extension LockTable.Entry {
  /// Of the bytes 120 to 127 of the index, by which SQLite locks, the last five stand for readers; 128 says only that it
  /// is open.
  fileprivate var isReader: Bool { !isFlock && first <= 127 && (last ?? .max) >= 123 && first >= 120 }
}

@available(*, unavailable)
extension LogKeeper: Sendable {}

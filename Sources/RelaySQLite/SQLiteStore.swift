import RelayCore
import RelayStoring
import RelayThreads

/// The embedded store: one SQLite file, one thread, one sync for all that arrived while the last was under way.
///
/// `StoreThread` has what is asked and what is done by time; `SQLiteBackend` does it, and housekeeping (what grows old, a full disk
/// that is looked at again).
package final class SQLiteStore: ThreadedStore {
  package let kind = "sqlite"
  package let thread: StoreThread
  private let indexer: EventIndexer
  /// For whoever searches in it.
  let logGate: LogGate
  /// The database file.
  package let path: String
  /// Which file that is: for whoever else looks into it.
  let file: FileID
  package let downTime: Gap?

  /// Opens the store, or makes it.
  ///
  /// - Parameters:
  ///   - clock: What it waits by, and times what happens by. It goes on from where the last run has left it.
  ///   - duplicateLimit: How many envelopes are remembered for telling redeliveries.
  ///   - hangAfter: A disk that has not answered for so long hangs.
  ///   - copiesBeforeMigration: One of an older release is copied before its schema is changed.
  ///   - observer: Told of what happens in it, on its thread.
  /// - Throws: `inUse` if another relay has it, `newerSchema`, `cannotOpen`; `full` where a copy has no room.
  package init(
    path: String, clock: any SteadyClock, duplicateLimit: Int = 500_000, hangAfter: Duration = .seconds(4),
    copiesBeforeMigration: Bool = true, observer: (any StoreObserver)? = nil
  ) throws(StoreError) {
    let indexer = EventIndexer()
    let logGate = LogGate()
    // SQLite is used on the thread that opened it, and on no other.
    let opened: (file: FileID, downTime: Gap?)
    (thread, opened) = try StoreThread.start(
      hanging: .hanging, after: hangAfter, clock: clock, observer: observer
    ) { wake throws(StoreError) in
      let session = try StoreSession(
        path: path, duplicateLimit: duplicateLimit,
        migration: MigrationSettings(makesCopy: copiesBeforeMigration, observer: observer))
      let kept = try session.clock.read()
      clock.resume(from: kept)
      let downTime = try session.downTime(since: kept, until: clock.now())
      let backend = SQLiteBackend(
        session: session, indexer: indexer, logGate: logGate, clock: clock, observer: observer, wake: wake)
      return (backend, (session.identity.database, downTime))
    }
    (file, downTime) = opened
    self.path = path
    self.indexer = indexer
    self.logGate = logGate
    let (file, thread) = (file, thread)
    indexer.start { () throws(StoreError) in
      try Connection(lookingInto: path, file: file)
    } write: { change, completion in
      thread.post(.job(.own(IndexWork(change: change, completion: completion))))
    }
  }

  /// What is asked by then is finished; a `reorder`, a `change` or an `erase` that is under way is cut off, and fails with
  /// `closed`.
  package func close() {
    indexer.stop()
    thread.close()
    indexer.end()
  }

  /// The same, but waits no longer than that.
  ///
  /// - Returns: Whether it is closed. If not, its thread hangs; the process can end all the same: the next start finds what
  ///   was answered.
  package func close(within limit: Duration) -> Bool {
    guard thread.close(within: limit) else { return false }
    close()
    return true
  }
}

extension StoreError {
  fileprivate static let hanging = StoreError(
    code: .hanging, message: "the store's disk does not answer; look at the disk")
}

import Glibc
import RelayCore

/// Brings a store of an older release to this one's schema; but for a new store, a copy is made of it first.
struct Migration {
  let connection: Connection
  let files: StoreFiles
  let settings: MigrationSettings

  /// Of a database that `Schema.check` has let pass.
  ///
  /// - Throws: `full` where the copy has no room, `failing` where the log holds what the copy would not have. Nothing has changed then.
  func run() throws(StoreError) {
    let current = try connection.integer("PRAGMA user_version") ?? 0
    let copy = SchemaCopy(beside: files.databasePath, before: Schema.version)
    guard current < Schema.version else {
      // A kill may have come between the change and this.
      if copy.exists { remove(copy.removeOthers(upTo: Schema.version)) }
      return
    }
    guard current > 0 else { return try Schema.migrate(connection) }
    let observer = settings.observer
    if settings.makesCopy { try make(copy, of: current) }
    let began = ContinuousClock.now
    observer?.storeMigrates(.changes(from: Int(current), to: Int(Schema.version)))
    try Schema.migrate(connection)
    observer?.storeMigrates(.changed(to: Int(Schema.version), took: began.duration(to: .now)))
    // Only now: until the change is in the store, an older copy may be the only way back.
    if settings.makesCopy { remove(copy.removeOthers(upTo: Schema.version)) }
  }

  private func make(_ copy: SchemaCopy, of current: Int64) throws(StoreError) {
    // What a run left that did not come to its end. The store has the same and more.
    for version in current + 1...Schema.version {
      unlink(SchemaCopy(beside: files.databasePath, before: version).path)
    }
    let began = ContinuousClock.now
    // Waits for a reader as for any lock.
    _ = try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)")
    try connection.execute("BEGIN IMMEDIATE")
    defer { try? connection.execute("ROLLBACK") }
    guard size(ofFile: connection.logPath) == 0 else { throw logIsHeld }
    let bytes = size(ofFile: files.databasePath)
    settings.observer?.storeMigrates(.copies(from: Int(current), copy: copy.path, bytes: bytes))
    let room = MigrationRoom(storeBytes: bytes, rewritesEvents: Schema.rewritesEvents(from: current))
    do throws(StoreError) {
      try make(copy, room)
    } catch {
      guard error.code == .full else { throw error }
      // The way back by one step is worth more than the way back by two.
      let removed = copy.removeOthers(upTo: Schema.version)
      remove(removed)
      guard !removed.isEmpty else { throw error }
      try make(copy, room)
    }
    settings.observer?.storeMigrates(.copied(copy: copy.path, took: began.duration(to: .now)))
  }

  private func make(_ copy: SchemaCopy, _ room: MigrationRoom) throws(StoreError) {
    let folder = FilePath.parent(of: files.databasePath)
    var told = 0
    try copy.make(
      from: files.lock.descriptor, room: room,
      space: { settings.space?() ?? .ofFileSystem(at: folder) }, clones: settings.clones,
      sync: settings.sync
    ) { done in
      // A line for each tenth, and none of what is done in seconds.
      let tenths = done * 10 / max(1, room.storeBytes)
      guard tenths > told, room.storeBytes >= 1 << 30 else { return }
      told = tenths
      settings.observer?.storeMigrates(.copying(bytes: done, of: room.storeBytes))
    }
  }

  private func remove(_ copies: [SchemaCopy]) {
    for copy in copies { settings.observer?.storeMigrates(.removed(copy: copy.path)) }
  }

  private var logIsHeld: StoreError {
    StoreError(
      code: .failing,
      message:
        "\(files.databasePath) has the schema of an older release, and is copied before that is changed; but somebody reads "
        + "the store, so that its log (\(connection.logPath)) can't be moved into it: end that (a sqlite3, a backup), and "
        + "start again")
  }

  private func size(ofFile path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}

@available(*, unavailable)
extension Migration: Sendable {}

/// How a store is brought to a newer schema.
struct MigrationSettings {
  /// A copy is made first.
  var makesCopy = true
  var observer: (any StoreObserver)?
  /// The copy may share the store's blocks.
  var clones = true
  /// Of the store's disk; nil: what the system says.
  var space: (() -> DiskSpace)?
  /// As `fsync(2)`.
  var sync: (Int32) -> Int32 = { fsync($0) }
}

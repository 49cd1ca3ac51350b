import CSQLiteLog
import Glibc
import RelayCore

/// The copy of a store that is made before its schema changes: what the release before can open, and goes back to.
///
/// It stands beside the store and is named after the schema that came: `relay.db.before-schema-17`. There is one at most:
/// each migration that has succeeded removes those of the migrations before it. docs/decisions/0040-a-copy-before-a-migration.md
/// says why it is made as it is.
struct SchemaCopy: Equatable {
  private let databasePath: String
  /// The schema that came after it.
  let version: Int64

  init(beside databasePath: String, before version: Int64) {
    self.databasePath = databasePath
    self.version = version
  }

  var path: String { "\(databasePath).before-schema-\(version)" }

  /// Removed by the next start, if this one does not come to its end: see `Backup`.
  private var temporaryPath: String { Backup.path(beside: databasePath) }

  /// Makes it of a quiet file, and has it on the disk under its name before it returns.
  ///
  /// - Parameters:
  ///   - source: The database file's descriptor. All that is in the store must be in it: its log is empty, and nobody writes.
  ///   - room: What it and the migration need.
  ///   - space: Of its disk.
  ///   - clones: Whether blocks may be shared.
  ///   - sync: As `fsync(2)`.
  ///   - progress: Told in bytes how far it is, now and then.
  /// - Throws: `full` where there is no room: then there is no copy, and nothing has changed.
  func make(
    from source: Int32, room: MigrationRoom, space: () -> DiskSpace, clones: Bool,
    sync: (Int32) -> Int32, progress: (Int) -> Void
  ) throws(StoreError) {
    let folder = FilePath.parent(of: databasePath)
    let file = StoreAccess(in: folder).openFile(temporaryPath, O_RDWR | O_EXCL | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw failure(errno) }
    defer { close(file) }
    do throws(StoreError) {
      var room = room
      room.isShared = clones && csqlite_clone_file(file, source) == 0
      guard room.fits(space()) else { throw refusal(room, space()) }
      if !room.isShared { try copy(source, to: file, bytes: room.storeBytes, sync, progress) }
      guard sync(file) == 0, rename(temporaryPath, path) == 0, Self.sync(folder, sync) else {
        throw failure(errno)
      }
    } catch {
      unlink(temporaryPath)
      throw error
    }
  }

  /// So much at once, and each time until it is on the disk: else the last sync would stand for all of it, and progress
  /// would say nothing.
  private static let piece = 128 << 20

  private func copy(
    _ source: Int32, to file: Int32, bytes: Int, _ sync: (Int32) -> Int32, _ progress: (Int) -> Void
  ) throws(StoreError) {
    var copier = FileCopier(source: source, target: file, bytes: bytes)
    while copier.done < bytes {
      let end = min(bytes, copier.done + Self.piece)
      if let error = copier.copy(until: end) { throw failure(error.code) }
      guard sync(file) == 0 else { throw failure(errno) }
      progress(copier.done)
    }
  }

  private static func sync(_ folder: String, _ sync: (Int32) -> Int32) -> Bool {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return sync(descriptor) == 0
  }

  private func refusal(_ room: MigrationRoom, _ space: DiskSpace) -> StoreError {
    // Rounded up: with that much it does go on.
    let (needed, available) = (((room.neededBytes - 1) >> 20) + 1, space.available >> 20)
    return StoreError(
      code: .full,
      message:
        "\(databasePath) has the schema of an older release. Before that is changed the store is copied; the copy and "
        + "the change need \(needed) MiB on its disk, which has \(available) MiB free: make room (\(needed - available) MiB "
        + "more), or, with a backup elsewhere, start once with `serve --no-copy`. Nothing has been changed; the "
        + "release before still runs on it")
  }

  private func failure(_ code: Int32) -> StoreError {
    let error = SystemError(code: code)
    return StoreError(
      code: error.isFull ? .full : .failing,
      message: "the store can't be copied to \(path) before its schema is changed: \(error); "
        + (error.isFull
          ? "make room on its disk, or, with a backup elsewhere, start once with `serve --no-copy`"
          : "look at its disk, and at who may write there"))
  }

  // MARK: Those that there are

  /// The copies that there may be beside a store, newest first.
  private static func all(beside databasePath: String, upTo version: Int64) -> [SchemaCopy] {
    (1...max(1, version)).reversed().map { SchemaCopy(beside: databasePath, before: $0) }
  }

  /// The newest one that a release can open that knows schemas up to `known`.
  static func newest(beside databasePath: String, upTo version: Int64, openableBy known: Int64) -> SchemaCopy?
  {
    all(beside: databasePath, upTo: version).first { $0.schema.map { $0 <= known } ?? false }
  }

  /// Removes all but this one.
  ///
  /// - Returns: Those that were there.
  func removeOthers(upTo version: Int64) -> [SchemaCopy] {
    Self.all(beside: databasePath, upTo: version).filter { $0 != self && unlink($0.path) == 0 }
  }

  var exists: Bool {
    var status = stat()
    return stat(path, &status) == 0
  }

  /// The schema that it has: `user_version`, 4 bytes at 60 of a database's header. nil: there is no such file.
  private var schema: Int64? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4)
    guard pread(file, &bytes, bytes.count, 60) == bytes.count else { return nil }
    return bytes.reduce(0) { $0 << 8 | Int64($1) }
  }
}

import Glibc
import RelayCore

/// A store that no relay runs on, to be read as a whole. Reading it is one long look, during which the log of a running relay could not be
/// written over.
enum StoppedStore {
  /// The file's own path, links followed.
  ///
  /// - Throws: `cannotOpen` where there is none.
  static func path(of name: String) throws(StoreError) -> String {
    var status = stat()
    guard stat(name, &status) == 0 else {
      throw StoreError(
        code: .cannotOpen,
        message: "\(name): \(SystemError(code: errno)); give the file, or the configuration that names it")
    }
    return StoreFiles.resolved(name)
  }

  /// A connection that can't write. As long as it is there, no relay can open the store.
  ///
  /// - Parameter path: As `path(of:)` gives it.
  /// - Throws: `inUse`, where a relay runs on it; `foreignLog`; `cannotOpen`.
  static func open(_ path: String) throws(StoreError) -> Connection {
    let fileSystem = FileSystemKind.of(file: path)
    let lock = try StoreLock(databasePath: path, emulatesFlock: fileSystem.emulatesFlock)
    try StoreMark(databasePath: path).check()
    return try Connection(
      path: path, readOnly: true, index: fileSystem.canFaultWhenFull ? .own : .shared, lock: lock)
  }
}

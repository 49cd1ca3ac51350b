import Glibc
import RelayCore
import RelayThreads

/// The file of a copy under way, and what of it is on its way to the disk.
///
/// What is written goes to the system's memory first. If much of it waits there, the disk is busy with it for seconds, and
/// every commit's sync stands behind. So after some MiB the copy waits until they are on the disk, on a thread of its own.
final class CopyFile: Sendable {
  private struct State: Sendable {
    var isSyncing = false
    var failure: SystemError?
  }

  private let descriptor: Int32
  private let state = Locked(State())

  /// Takes the descriptor over: it is closed once nobody needs it. (That drops SQLite's own locks on the file, which are
  /// nobody's concern: no other process knows its name.)
  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  var isSyncing: Bool { state.withLock { $0.isSyncing } }

  /// The system's error of a sync that failed.
  var failure: SystemError? { state.withLock { $0.failure } }

  /// Returns at once.
  ///
  /// - Parameters:
  ///   - sync: As `fdatasync(2)`.
  ///   - completion: What was written by now is on the disk, or can't be brought there; on a thread of its own.
  func beginSync(
    _ sync: @escaping @Sendable (Int32) -> Int32, completion: @escaping @Sendable () -> Void
  ) {
    state.withLock { $0.isSyncing = true }
    let hasBegun = WorkerThread.start(name: "store-copy") { [self] in
      let failure = sync(descriptor) == 0 ? nil : SystemError(code: errno)
      state.withLock {
        $0.failure = failure
        $0.isSyncing = false
      }
      completion()
    }
    // The copy goes on unpaced rather than not at all.
    if !hasBegun { state.withLock { $0.isSyncing = false } }
  }
}

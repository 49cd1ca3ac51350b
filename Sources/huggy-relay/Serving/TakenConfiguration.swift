import RelayConfig
import RelaySystem
import RelayThreads

/// What the configuration that counts was read from. For any thread.
final class TakenConfiguration: Sendable {
  private struct State {
    var text: String
    var watch: FileWatch
    /// Read, and not yet taken.
    var next: LoadedConfiguration?
  }

  private let state: Locked<State>

  init(_ loaded: LoadedConfiguration) {
    state = Locked(State(text: loaded.text, watch: FileWatch(loaded.files)))
  }

  /// The configuration file's own text.
  var text: String { state.withLock { $0.text } }

  /// It refers to no file.
  var isWithoutFiles: Bool { state.withLock { $0.watch.files.isEmpty } }

  /// Looks at the files. Blocks its thread, with the disks that they are on.
  @Sendable func look() -> FileWatch.Step {
    let files = state.withLock { $0.watch.files }
    let versions = files.map { FileVersion(path: $0.path) }
    return state.withLock { state in
      // Another configuration may have been taken meanwhile.
      state.watch.files == files ? state.watch.looked(versions) : .nothing
    }
  }

  func read(_ loaded: LoadedConfiguration) {
    state.withLock { $0.next = loaded }
  }

  /// A reload has ended.
  ///
  /// - Parameter isTaken: What was read last counts from now on.
  func reloadEnded(isTaken: Bool) {
    state.withLock { state in
      if isTaken, let next = state.next {
        state.text = next.text
        state.watch.took(next.files)
      } else {
        state.watch.refuse()
      }
      state.next = nil
    }
  }
}

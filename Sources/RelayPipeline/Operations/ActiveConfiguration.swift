import RelayCore
import RelayThreads

/// Which configuration is active, and what came of the last attempt to replace it. For any thread.
final class ActiveConfiguration: Sendable {
  struct State: Sendable {
    var configuration: Configuration
    var loadedAt: Timestamp
    /// Why the last reload changed nothing; empty: it succeeded.
    var reloadErrors: [String] = []
    /// When that attempt was; nil: there was none.
    var lastReload: Timestamp?

    func destination(_ name: String) -> Destination? {
      configuration.destinations.first { $0.name == name }
    }
  }

  private let state: Locked<State>

  init(_ configuration: Configuration, loadedAt: Timestamp) {
    state = Locked(State(configuration: configuration, loadedAt: loadedAt))
  }

  /// All of it as it is now.
  var current: State { state.withLock { $0 } }
  var configuration: Configuration { current.configuration }

  func destination(_ name: String) -> Destination? { current.destination(name) }

  func replace(_ configuration: Configuration) {
    state.withLock { $0.configuration = configuration }
  }

  func loaded(at time: Timestamp) {
    state.withLock { $0.loadedAt = time }
  }

  /// - Parameter errors: Empty: it succeeded.
  func reloadEnded(_ errors: [String], at time: Timestamp) {
    state.withLock { ($0.reloadErrors, $0.lastReload) = (errors, time) }
  }
}

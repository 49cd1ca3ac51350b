import RelayCore
import RelayThreads

@testable import RelayPipeline

/// The file that a reload reads.
final class ScriptedSource: ReloadSource {
  struct State: Sendable {
    var configuration: Configuration
    /// What is wrong with the file.
    var problem: OperationError?
    /// What is wrong with the listener's new settings.
    var listenerProblem: OperationError?
    /// What is read of a text that is handed in.
    var texts: [String: HandedConfiguration] = [:]
    var applied: [ServerSettings] = []
    /// Why it was read.
    var causes: [ReloadCause] = []
    /// Happens when the listener has taken the new settings, once.
    var whenApplied: (@Sendable () -> Void)?
  }

  let state: Locked<State>

  init(_ configuration: Configuration) {
    state = Locked(State(configuration: configuration))
  }

  func load(because cause: ReloadCause) async throws(OperationError) -> ReadConfiguration {
    state.withLock { $0.causes.append(cause) }
    return try await load()
  }

  func load() async throws(OperationError) -> ReadConfiguration {
    let state = state.withLock { $0 }
    if let problem = state.problem { throw problem }
    return ReadConfiguration(configuration: state.configuration, warnings: [], variables: [])
  }

  /// What `texts` say.
  func read(_ text: String) async throws(OperationError) -> HandedConfiguration {
    guard let handed = state.withLock({ $0.texts[text] }) else {
      throw OperationError(
        code: .invalidConfiguration, message: "wrong", details: ["configuration:1:1: wrong"])
    }
    return handed
  }

  func apply(_ settings: ServerSettings) async throws(OperationError) {
    let (problem, whenApplied) = state.withLock { state in
      state.applied.append(settings)
      defer { state.whenApplied = nil }
      return (state.listenerProblem, state.whenApplied)
    }
    whenApplied?()
    if let problem { throw problem }
  }

  /// The file as it is from now on.
  func write(_ change: @Sendable (inout Configuration) -> Void) {
    state.withLock { change(&$0.configuration) }
  }
}

import RelayCore
import RelayPipeline
import RelayThreads

/// Answers about rules what it is told to, and remembers what it was asked.
final class FakeRules: ConfigurationOperations {
  enum Call: Equatable {
    case difference(String?)
    case explainEvent(EventID, by: String?)
    case explainEnvelope([UInt8], by: String?)
    case backtest(BacktestRequest)
  }

  struct State {
    var calls: [Call] = []
    var running = RunningConfiguration(
      hash: "0123456789ab", loadedAt: Samples.now,
      tree: .mapping([
        .init("server", .mapping([.init("max_connections", .integer(7))])),
        .init("routes", .named([.init("all", .mapping([.init("to", .text("crm"))]))])),
      ]))
    var comparison = ConfigurationComparison(
      hash: "fedcba987654", runningHash: "0123456789ab", differences: [], notCompared: [], needsRestart: [],
      warnings: [])
    var explained: ExplainReport?
    var backtest = BacktestReport(hash: "fedcba987654", runningHash: "0123456789ab")
    var error: OperationError?
  }

  let state = Locked(State())

  var calls: [Call] { state.withLock(\.calls) }

  private func answer<Value>(_ call: Call, _ value: (State) -> Value) throws(OperationError) -> Value {
    let (result, error) = state.withLock { state in
      state.calls.append(call)
      return (value(state), state.error)
    }
    if let error { throw error }
    return result
  }

  func configuration() -> RunningConfiguration { state.withLock(\.running) }

  func difference(to text: String?) async throws(OperationError) -> ConfigurationComparison {
    try answer(.difference(text), \.comparison)
  }

  func explain(_ event: EventID, by text: String?) async throws(OperationError) -> ExplainReport? {
    try answer(.explainEvent(event, by: text), \.explained)
  }

  func explain(envelope: [UInt8], by text: String?) async throws(OperationError) -> ExplainReport {
    try answer(.explainEnvelope(envelope, by: text)) {
      $0.explained ?? ExplainReport(hash: "0123456789ab", routes: [], source: "huggy", events: [])
    }
  }

  func backtest(_ request: BacktestRequest) async throws(OperationError) -> BacktestReport {
    try answer(.backtest(request), \.backtest)
  }
}

/// A double that asks others about rules.
protocol WithFakeRules: ConfigurationOperations {
  var rules: FakeRules { get }
}

extension WithFakeRules {
  func configuration() -> RunningConfiguration { rules.configuration() }

  func difference(to text: String?) async throws(OperationError) -> ConfigurationComparison {
    try await rules.difference(to: text)
  }

  func explain(_ event: EventID, by text: String?) async throws(OperationError) -> ExplainReport? {
    try await rules.explain(event, by: text)
  }

  func explain(envelope: [UInt8], by text: String?) async throws(OperationError) -> ExplainReport {
    try await rules.explain(envelope: envelope, by: text)
  }

  func backtest(_ request: BacktestRequest) async throws(OperationError) -> BacktestReport {
    try await rules.backtest(request)
  }
}

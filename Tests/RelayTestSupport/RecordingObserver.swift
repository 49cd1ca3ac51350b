import RelayCore
import RelayThreads

/// Keeps what a store tells.
public final class RecordingObserver: StoreObserver {
  private struct State: Sendable {
    var operations: [Int] = []
    var overflows: [String: Int] = [:]
    var conditions: [StoreCondition] = []
  }

  private let state = Monitor(State())

  public init() {}

  public func storeCommitted(operations: Int, duration: Duration) {
    state.update { $0.operations.append(duration > .zero ? operations : -1) }
  }

  public func storeOverflowed(destination: String, count: Int) {
    state.update { $0.overflows[destination, default: 0] += count }
  }

  public func storeConditionChanged(_ condition: StoreCondition) {
    state.update { $0.conditions.append(condition) }
  }

  /// The operations of each commit so far.
  public var operations: [Int] { state.update { $0.operations } }
  public var overflows: [String: Int] { state.update { $0.overflows } }
  public var conditions: [StoreCondition] { state.update { $0.conditions } }

  /// Waits until the store has been in such a condition.
  public func wait(for condition: @escaping (StoreCondition) -> Bool) {
    _ = state.wait { $0.conditions.contains(where: condition) ? true : nil }
  }
}

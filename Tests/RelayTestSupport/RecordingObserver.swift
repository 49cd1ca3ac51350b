import RelayCore
import RelayThreads

/// Keeps what a store tells.
package final class RecordingObserver: StoreObserver {
  private struct State: Sendable {
    var operations: [Int] = []
    var overflows: [String: Int] = [:]
    var conditions: [StoreCondition] = []
    var hangs: [Bool] = []
    var late: [Delivery] = []
    var readFailures: [StoreError] = []
  }

  private let state = Monitor(State())

  package init() {}

  package func storeCommitted(operations: Int, duration: Duration) {
    state.update { $0.operations.append(duration > .zero ? operations : -1) }
  }

  package func storeOverflowed(destination: String, count: Int) {
    state.update { $0.overflows[destination, default: 0] += count }
  }

  package func storeConditionChanged(_ condition: StoreCondition) {
    state.update { $0.conditions.append(condition) }
  }

  package func storeHangs(_ isHanging: Bool) {
    state.update { $0.hangs.append(isHanging) }
  }

  package func storeStoredLate(_ deliveries: [Delivery]) {
    state.update { $0.late += deliveries }
  }

  package func storeReadFailed(_ error: StoreError) {
    state.update { $0.readFailures.append(error) }
  }

  /// Whether it hangs, each time that this has changed.
  package var hangs: [Bool] { state.update { $0.hangs } }
  /// What was stored after its append had been answered.
  package var late: [Delivery] { state.update { $0.late } }
  package var readFailures: [StoreError] { state.update { $0.readFailures } }

  /// Waits until the store hangs, or does not any more.
  package func wait(untilItHangs isHanging: Bool) {
    _ = state.wait { $0.hangs.last == isHanging ? true : nil }
  }

  /// Waits until so many deliveries have come late.
  package func waitForLate(_ count: Int) {
    _ = state.wait { $0.late.count >= count ? true : nil }
  }

  /// The operations of each commit so far.
  package var operations: [Int] { state.update { $0.operations } }
  package var overflows: [String: Int] { state.update { $0.overflows } }
  package var conditions: [StoreCondition] { state.update { $0.conditions } }

  /// Waits until the store has been in such a condition.
  package func wait(for condition: @escaping (StoreCondition) -> Bool) {
    _ = state.wait { $0.conditions.contains(where: condition) ? true : nil }
  }
}

import RelayCore
import RelayThreads
import Testing

/// Keeps what a store tells.
package final class RecordingObserver: StoreObserver {
  private struct State: Sendable {
    var operations: [Int] = []
    var overflows: [String: Int] = [:]
    var discardedDead: [String: Int] = [:]
    var conditions: [StoreCondition] = []
    var hangs: [Bool] = []
    var late: [Delivery] = []
    var readFailures: [StoreError] = []
    var keepingFailures: [StoreError] = []
  }

  private let state = Monitor(State())

  package init() {}

  package func storeCommitted(operations: Int, duration: Duration) {
    state.update { $0.operations.append(duration > .zero ? operations : -1) }
  }

  package func storeOverflowed(destination: String, count: Int) {
    state.update { $0.overflows[destination, default: 0] += count }
  }

  package func storeDiscardedDead(destination: String, count: Int) {
    state.update { $0.discardedDead[destination, default: 0] += count }
  }

  package func storeConditionChanged(_ condition: StoreCondition) {
    state.update { $0.conditions.append(condition) }
  }

  package func storeHangs(_ isHanging: Bool) {
    state.update { $0.hangs.append(isHanging) }
  }

  package func storedLate(_ deliveries: [Delivery]) {
    state.update { $0.late += deliveries }
  }

  package func storeReadFailed(_ error: StoreError) {
    state.update { $0.readFailures.append(error) }
  }

  package func storeKeepingFailed(_ error: StoreError) {
    state.update { $0.keepingFailures.append(error) }
  }

  package var keepingFailures: [StoreError] { state.update { $0.keepingFailures } }

  /// Waits until what the store does by itself has failed.
  package func waitForKeepingFailure() {
    wait("what the store does by itself fails") { !$0.keepingFailures.isEmpty }
  }

  /// Whether it hangs, each time that this has changed.
  package var hangs: [Bool] { state.update { $0.hangs } }
  /// What was stored after its append had been answered.
  package var late: [Delivery] { state.update { $0.late } }
  package var readFailures: [StoreError] { state.update { $0.readFailures } }

  /// Waits until the store hangs, or does not any more.
  package func wait(untilItHangs isHanging: Bool) {
    wait("the store \(isHanging ? "hangs" : "does not hang any more")") { $0.hangs.last == isHanging }
  }

  /// Waits until so many deliveries have come late.
  package func waitForLate(_ count: Int) {
    wait("\(count) deliveries have come late") { $0.late.count >= count }
  }

  /// The operations of each commit so far.
  package var operations: [Int] { state.update { $0.operations } }
  package var overflows: [String: Int] { state.update { $0.overflows } }
  package var discardedDead: [String: Int] { state.update { $0.discardedDead } }
  package var conditions: [StoreCondition] { state.update { $0.conditions } }

  /// Waits until the store has been in such a condition.
  package func wait(for condition: @escaping (StoreCondition) -> Bool) {
    wait("the store has been in a condition") { $0.conditions.contains(where: condition) }
  }

  /// Waits until the store is in such a condition.
  package func waitUntilItIs(_ condition: @escaping (StoreCondition) -> Bool) {
    wait("the store is in a condition") { $0.conditions.last.map(condition) ?? false }
  }

  /// For a minute at most: then the test fails, and goes on.
  private func wait(_ what: String, until isSo: @escaping (State) -> Bool) {
    guard state.wait(timeout: .seconds(60), until: { isSo($0) ? true : nil }) == nil else { return }
    Issue.record("waited for a minute in vain until \(what); told so far: \(state.update { $0 })")
  }
}

import Synchronization

/// A number that only grows. Every thread may add to it, and none waits.
package final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  package init() {}

  /// Nothing below 1 is added: it never falls.
  package func add(_ amount: Int = 1) {
    guard amount > 0 else { return }
    count.wrappingAdd(amount, ordering: .relaxed)
  }

  package var value: Int { count.load(ordering: .relaxed) }
}

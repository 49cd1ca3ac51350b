import Synchronization

/// A number that only grows. Every thread may add to it, and none waits.
final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  /// Nothing below 1 is added: it never falls.
  func add(_ amount: Int = 1) {
    guard amount > 0 else { return }
    count.wrappingAdd(amount, ordering: .relaxed)
  }

  var value: Int { count.load(ordering: .relaxed) }
}

import Synchronization

/// A number that only grows. Every thread may add to it, and none waits.
public final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  public init() {}

  /// Nothing below 1 is added: it never falls.
  public func add(_ amount: Int = 1) {
    guard amount > 0 else { return }
    count.wrappingAdd(amount, ordering: .relaxed)
  }

  public var value: Int { count.load(ordering: .relaxed) }
}

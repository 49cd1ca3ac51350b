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

/// The mean of the last values, of which each counts for less the more have come since. One thread adds, every thread may read,
/// and none waits.
final class RecentMean: Sendable {
  /// The mean moves by one in so many towards a new value; of fewer, it is the plain mean.
  private static let memory = 50.0

  private let mean = Atomic<UInt64>(0)
  private let count = Counter()

  func add(_ value: Double) {
    count.add()
    let known = Double(bitPattern: mean.load(ordering: .relaxed))
    let moved = known + (value - known) / min(Double(count.value), Self.memory)
    mean.store(moved.bitPattern, ordering: .relaxed)
  }

  /// nil: there was none.
  var value: Double? {
    count.value == 0 ? nil : Double(bitPattern: mean.load(ordering: .relaxed))
  }
}

/// A counter for each case of a closed set.
struct CounterSet<Label: CaseIterable & Equatable & Sendable & RawRepresentable<String>>: Sendable {
  private let labels = Array(Label.allCases)
  private let counters = Label.allCases.map { _ in Counter() }

  func add(_ amount: Int = 1, to label: Label) {
    guard let index = labels.firstIndex(of: label) else { return }
    counters[index].add(amount)
  }

  func count(of label: Label) -> Int { labels.firstIndex(of: label).map { counters[$0].value } ?? 0 }

  /// Each case's name with its count, in the order of the cases.
  var counts: [(label: String, count: Int)] {
    zip(labels, counters).map { ($0.rawValue, $1.value) }
  }
}

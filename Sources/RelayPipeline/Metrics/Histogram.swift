import RelayCore

/// How often values fell into fixed buckets, and their sum. Every thread may observe, and none waits.
final class Histogram: Sendable {
  let scale: HistogramScale
  /// One for each bound, and one for what is beyond the last.
  private let buckets: [Counter]
  private let sum = Counter()

  init(_ scale: HistogramScale) {
    self.scale = scale
    buckets = (0...scale.bounds.count).map { _ in Counter() }
  }

  /// - Parameter value: In the unit of the scale. Less than nothing (a clock was set back) adds nothing to the sum.
  func observe(_ value: Int) {
    buckets[scale.bounds.firstIndex { value <= $0 } ?? scale.bounds.count].add()
    sum.add(value)
  }

  func observe(_ duration: Duration) {
    observe(Int(duration.microseconds))
  }

  /// What was observed until now. Its count is that of its buckets, whatever other threads do meanwhile; its sum may
  /// be a few observations ahead or behind.
  struct Snapshot: Equatable {
    /// So many values were at most the bound; one for each.
    var cumulative: [Int]
    /// All of them.
    var count: Int
    /// In the unit of the scale.
    var sum: Int
  }

  var snapshot: Snapshot {
    var cumulative: [Int] = []
    var count = 0
    for bucket in buckets {
      count += bucket.value
      cumulative.append(count)
    }
    return Snapshot(cumulative: cumulative.dropLast(), count: count, sum: sum.value)
  }
}

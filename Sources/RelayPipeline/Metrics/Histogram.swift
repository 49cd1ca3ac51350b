import RelayCore
import RelayJSON

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
    /// How many values were at most the bound; one for each bound.
    var cumulative: [Int]
    /// All of them.
    var count: Int
    /// In the unit of the scale.
    var sum: Int
  }

  /// How many values fell into each bucket; the last is for what is beyond all bounds.
  var counts: [Int] { buckets.map(\.value) }

  var snapshot: Snapshot {
    var cumulative: [Int] = []
    cumulative.reserveCapacity(buckets.count)
    var count = 0
    for bucket in buckets {
      count += bucket.value
      cumulative.append(count)
    }
    cumulative.removeLast()
    return Snapshot(cumulative: cumulative, count: count, sum: sum.value)
  }
}

/// The upper bounds of a histogram's buckets, inclusive, and how its values are written. Part of what dashboards
/// depend on: changing bounds breaks their quantiles over time.
struct HistogramScale: Sendable, Equatable {
  /// Ascending: microseconds, or plain numbers.
  let bounds: [Int]
  /// As Prometheus reads them.
  let boundTexts: [[UInt8]]
  /// `bounds` are microseconds, and written as seconds.
  private let isTime: Bool

  private init(microseconds bounds: [Int]) { self.init(bounds, isTime: true) }

  private init(counts bounds: [Int]) { self.init(bounds, isTime: false) }

  private init(_ bounds: [Int], isTime: Bool) {
    self.bounds = bounds
    self.isTime = isTime
    boundTexts = bounds.map { bound in
      var text: [UInt8] = []
      Self.append(bound, isTime: isTime, to: &text)
      return text
    }
  }

  /// Appends a value as Prometheus reads it: microseconds as seconds.
  func append(_ value: Int, to output: inout [UInt8]) { Self.append(value, isTime: isTime, to: &output) }

  private static func append(_ value: Int, isTime: Bool, to output: inout [UInt8]) {
    if isTime {
      TextExposition.appendSeconds(microseconds: value, to: &output)
    } else {
      JSONWriter.appendNumber(value, to: &output)
    }
  }

  /// From a request's last byte to its answer; a sync is the larger part.
  static let ingest = HistogramScale(
    microseconds: [
      500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
    ])

  /// One request to a destination; `timeout` is 10 s unless the file says otherwise.
  static let attempt = HistogramScale(
    microseconds: [
      1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
      10_000_000,
      30_000_000,
    ])

  /// From receipt to delivery: milliseconds on a good day, hours after an outage.
  static let deliveryLatency = HistogramScale(
    microseconds: [
      2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000, 10_000_000, 60_000_000, 600_000_000,
      3_600_000_000, 21_600_000_000, 86_400_000_000,
    ])

  /// One transaction of the store, its sync included.
  static let commit = HistogramScale(
    microseconds: [
      100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000,
    ])

  /// Events of one request to a destination: at most 100.
  static let requestEvents = HistogramScale(counts: [1, 2, 5, 10, 20, 50, 100])

  /// Envelopes and settlements of one transaction.
  static let batchSize = HistogramScale(counts: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048])
}

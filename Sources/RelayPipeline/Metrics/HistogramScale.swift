/// The upper bounds of a histogram's buckets, inclusive, and how its values are written. Part of what dashboards
/// depend on: changing bounds breaks their quantiles over time.
struct HistogramScale: Sendable, Equatable {
  /// Ascending: microseconds, or plain numbers.
  let bounds: [Int]
  /// How many of the unit of `bounds` make one of what is written.
  private let unitsPerOne: Int

  private init(microseconds bounds: [Int]) {
    self.bounds = bounds
    unitsPerOne = 1_000_000
  }

  private init(counts bounds: [Int]) {
    self.bounds = bounds
    unitsPerOne = 1
  }

  /// A value as Prometheus reads it: microseconds as seconds.
  func text(_ value: Int) -> String {
    unitsPerOne == 1 ? String(value) : TextExposition.seconds(microseconds: value)
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

  /// Envelopes and settlements of one transaction.
  static let batchSize = HistogramScale(counts: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048])
}

/// Latencies in fixed memory: counted in buckets that are at most 1/32 wide, so quantiles are at most 3.2 %
/// too high.
struct LatencyHistogram: Sendable {
  private var counts: [Int] = []
  private(set) var count = 0
  private(set) var max = Duration.zero

  mutating func add(_ latency: Duration) {
    let bucket = Self.bucket(of: Swift.max(0, Int(latency.microseconds)))
    if bucket >= counts.count { counts += Array(repeating: 0, count: bucket + 1 - counts.count) }
    counts[bucket] += 1
    count += 1
    max = Swift.max(max, latency)
  }

  /// The latency that this share (0 to 1) of all did not exceed; zero if there were none.
  func quantile(_ share: Double) -> Duration {
    let rank = Swift.max(1, Int((share * Double(count)).rounded(.up)))
    var seen = 0
    for (bucket, count) in counts.enumerated() {
      seen += count
      if seen >= rank { return min(.microseconds(Self.upperBound(of: bucket)), max) }
    }
    return max
  }

  /// Below 64 µs each microsecond has a bucket; above, each power of two has 32.
  private static func bucket(of microseconds: Int) -> Int {
    guard microseconds >= 64 else { return microseconds }
    let shift = Int.bitWidth - 1 - microseconds.leadingZeroBitCount - 5
    return (shift << 5) + (microseconds >> shift)
  }

  private static func upperBound(of bucket: Int) -> Int {
    guard bucket >= 64 else { return bucket }
    let shift = (bucket >> 5) - 1
    return ((bucket - (shift << 5) + 1) << shift) - 1
  }
}

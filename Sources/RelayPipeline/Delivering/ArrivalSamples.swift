import RelayCore

/// How many deliveries each destination has ever been given, as the store's books had it at a few times: so that it is known how
/// many arrive, also of those that no lane has room for. Bounded.
struct ArrivalSamples: Sendable {
  /// How often a look is taken, while something is attempted.
  static let interval = Duration.seconds(10)
  /// The span of the rate that is told.
  private static let span = Duration.seconds(300)
  /// Over less than this, a rate would say little.
  private static let least = Duration.seconds(10)

  private struct Sample: Sendable {
    var at: Timestamp
    var totals: [String: Int]
  }

  private var samples: [Sample] = []

  mutating func add(_ destinations: [StoredDestination], at now: Timestamp) {
    samples.removeAll { $0.at.duration(to: now) > Self.span }
    samples.append(
      Sample(at: now, totals: Dictionary(uniqueKeysWithValues: destinations.map { ($0.name, $0.arrived) })))
  }

  /// In a second, over the last minutes; nil: unknown.
  func rate(of destination: String) -> Double? {
    guard let last = samples.last, let first = samples.first(where: { $0.totals[destination] != nil }),
      let end = last.totals[destination], let start = first.totals[destination]
    else { return nil }
    let time = first.at.duration(to: last.at)
    return time < Self.least ? nil : Double(max(0, end - start)) / time.inSeconds
  }
}

extension StoredDestination {
  /// All that it was ever given.
  fileprivate var arrived: Int { pending + dead + delivered + discarded + overflowed }
}

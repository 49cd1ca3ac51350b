/// How many attempts may be made in some time.
package struct Rate: Hashable, Sendable {
  package var count: Int
  package var interval: Duration

  package init(count: Int, per interval: Duration) {
    self.count = count
    self.interval = interval
  }

  /// The time that one attempt takes up.
  package var spacing: Duration { interval / count }
}

/// When a destination is left alone, and how it is looked after meanwhile.
package struct CircuitPolicy: Hashable, Sendable {
  /// How many of the destination's failures in a row open the circuit.
  package var failures = 5
  package var probeEvery = Duration.seconds(10)

  package init() {}
}

/// How much of the store one destination's pending and dead deliveries may take.
package enum BacklogLimit: Hashable, Sendable {
  /// A share of the store's `max_size`, from 0 to 1.
  case share(Double)
  case bytes(Int)

  package func bytes(ofStore maxBytes: Int) -> Int {
    switch self {
    case .share(let share): Int(Double(maxBytes) * share)
    case .bytes(let bytes): bytes
    }
  }
}

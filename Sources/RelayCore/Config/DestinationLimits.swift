/// So many attempts in so much time.
public struct Rate: Hashable, Sendable {
  public var count: Int
  public var interval: Duration

  public init(count: Int, per interval: Duration) {
    self.count = count
    self.interval = interval
  }

  /// The time that one attempt takes up.
  public var spacing: Duration { interval / count }
}

/// When a destination is left alone, and how it is looked after meanwhile.
public struct CircuitPolicy: Hashable, Sendable {
  /// So many of the destination's failures in a row open the circuit.
  public var failures = 5
  public var probeEvery = Duration.seconds(10)

  public init() {}
}

/// How much of the store one destination's pending and dead deliveries may take.
public enum BacklogLimit: Hashable, Sendable {
  /// A share of the store's `max_size`, from 0 to 1.
  case share(Double)
  case bytes(Int)

  public func bytes(ofStore maxBytes: Int) -> Int {
    switch self {
    case .share(let share): Int(Double(maxBytes) * share)
    case .bytes(let bytes): bytes
    }
  }
}

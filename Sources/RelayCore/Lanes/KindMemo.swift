/// Looks up in a circuit what it knows of the kinds of many deliveries, one after another. What stands in a window is mostly
/// of few kinds: to hash the kind of each would take the transport's thread milliseconds, which every destination would feel.
struct KindMemo {
  private let circuit: Circuit
  private var recent: [(event: Event, standing: Circuit.KindStanding)] = []
  private var oldest = 0

  private static let size = 4

  init(_ circuit: Circuit) { self.circuit = circuit }

  mutating func standing(of event: Event) -> Circuit.KindStanding {
    for known in recent where known.event.hasSameKind(as: event) { return known.standing }
    let standing = circuit.standing(of: EventKind(event))
    if recent.count < Self.size {
      recent.append((event, standing))
    } else {
      recent[oldest] = (event, standing)
      oldest = (oldest + 1) % Self.size
    }
    return standing
  }
}

/// Which delivery is tried first while a circuit is open: of a kind that was served last time, then of the kind that failed longest
/// ago, then the one that was probed longest ago. So a kind that is served again is found however many of another wait.
struct ProbeOrder: Comparable {
  private let isServed: Bool
  private let lastFailed: Timestamp
  /// Never probed is earlier than any time.
  private let probedAt: Timestamp?
  private let id: DeliveryID

  init(_ delivery: Delivery, lastFailed: Timestamp = .epoch, isServed: Bool = false) {
    self.isServed = isServed
    self.lastFailed = lastFailed
    probedAt = delivery.probedAt
    id = delivery.id
  }

  static func < (a: ProbeOrder, b: ProbeOrder) -> Bool {
    if a.isServed != b.isServed { return a.isServed }
    if a.lastFailed != b.lastFailed { return a.lastFailed < b.lastFailed }
    switch (a.probedAt, b.probedAt) {
    case (nil, _?): return true
    case (_?, nil): return false
    case (let mine?, let theirs?) where mine != theirs: return mine < theirs
    case (_?, _?), (nil, nil): return a.id < b.id
    }
  }
}

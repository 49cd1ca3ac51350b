import RelayCore

/// What has happened on the data's path, as whoever did it hands it over: nothing is copied, and nothing is written yet.
enum LiveNews: Sendable {
  /// Accepted, and on disk where they are stored; in document order.
  case received([NewEnvelope.NewEvent])
  /// Of events that came in, and whose sender had to be told that nobody knows whether they are stored: they are. The routes that
  /// matched are no longer known.
  case late([Delivery])
  /// What attempts came to, on disk.
  case settled([SettledAttempt])
  /// Given up without an attempt. The store says how many, not which.
  case discarded(Int, destination: String, reason: DiscardReason)

  /// How many messages it becomes.
  var count: Int {
    switch self {
    case .received(let events): events.count
    case .late(let deliveries): deliveries.count
    case .settled(let attempts): attempts.count
    case .discarded: 1
    }
  }

  /// The same without what is of these events.
  func forgetting(_ events: Set<EventID>) -> LiveNews {
    switch self {
    case .received(let received): .received(received.filter { !events.contains($0.event.id) })
    case .late(let deliveries): .late(deliveries.filter { !events.contains($0.event.id) })
    case .settled(let attempts): .settled(attempts.filter { !events.contains($0.delivery.event.id) })
    case .discarded: self
    }
  }

  /// What it keeps in memory until it is written, in bytes, near enough for a budget.
  var footprint: Int {
    switch self {
    case .received(let events): events.reduce(0) { $0 + $1.event.footprint }
    case .late(let deliveries): deliveries.reduce(0) { $0 + $1.event.footprint }
    case .settled(let attempts): attempts.reduce(0) { $0 + $1.delivery.event.footprint }
    case .discarded: 64
    }
  }
}

/// An attempt's outcome, with the delivery that it was made for.
package struct SettledAttempt: Sendable {
  let settlement: Settlement
  let delivery: Delivery
}

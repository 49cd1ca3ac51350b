import RelayCore

/// What a destination can take: as many requests at once as its `concurrency` allows, each as long as its answers take.
package struct DestinationCapacity: Sendable, Equatable {
  /// Requests at once: `concurrency`, or 1 where all its deliveries are in one order.
  package var slots: Int
  /// How long an attempt takes.
  package var meanDuration: Duration
  /// Attempts in a second that this makes, at most.
  package var perSecond: Double
  /// New deliveries in a second, lately; nil: unknown.
  package var arriving: Double?
  /// All slots were busy nearly all the time, and more is pending: nothing else holds it back.
  package var isBound: Bool
  /// The `concurrency` that what arrives would need, with a fifth to spare; nil: unknown, or no concurrency would do.
  package var neededConcurrency: Int?

  /// What it takes of the slots' time to call them busy.
  private static let busyShare = 0.9
  /// Over less than this, nothing is said.
  private static let least = Duration.seconds(20)

  /// nil: too little is known.
  ///
  /// - Parameters:
  ///   - window: Of the last minutes.
  ///   - pending: Its deliveries that are still owed.
  package init?(_ destination: Destination, _ window: AttemptWindow, arriving: Double?, pending: Int) {
    guard let mean = window.meanDuration, mean > .zero, window.counted >= Self.least else { return nil }
    slots = destination.ordering == .destination ? 1 : destination.concurrency
    meanDuration = mean
    perSecond = Double(slots) / mean.inSeconds
    self.arriving = arriving
    let share = window.time.inSeconds / (window.counted.inSeconds * Double(slots))
    isBound = share >= Self.busyShare && pending > slots
    guard let arriving, destination.ordering != .destination else { return }
    neededConcurrency = max(1, Int((arriving * mean.inSeconds * 1.2).rounded(.up)))
  }
}

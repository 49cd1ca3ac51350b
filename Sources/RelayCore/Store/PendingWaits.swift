/// What some of a destination's pending deliveries wait for. The rest is due, or in flight.
package struct PendingWaits: Sendable, Equatable {
  /// Those that have been tried, and are tried again later.
  package var later: Int
  /// Those that another one of their order key comes before.
  package var ordered: Int

  /// Where there are more of either, nobody counts them.
  package static let maxCounted = 10_000

  /// The same for all destinations together.
  package static let maxCountedInAll = 100_000

  package init(later: Int = 0, ordered: Int = 0) {
    self.later = later
    self.ordered = ordered
  }
}

import RelayCore

/// What was last read of the store for a status: shown again, with its age, while it can't be read.
struct StoreReading: Sendable {
  var destinations: [StoredDestination]
  /// When each destination's oldest pending delivery was received.
  var oldest: [String: Timestamp]
  var usage: StoreUsage
  var readAt: ContinuousClock.Instant
}

import RelayCore

/// What is known in memory of an envelope, so that one that comes again is told without reading.
struct KnownEnvelope: Equatable {
  /// The id of its first accepted event: those of the others count up from it.
  var firstEventID: EventID
  /// The number of its source.
  var source: Int32
  var receivedAt: Timestamp
  var acceptedCount: Int
  /// All of its events were stored, and each has a delivery: nothing is to be done when it comes again.
  var isComplete: Bool
  /// See `UnstoredEvents`; empty: all were stored.
  var unstored: [UInt8] = []
  /// See `StoredTrace`.
  var trace: [UInt8]?
}

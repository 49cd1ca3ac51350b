import RelayCore

/// How far the pruner has come on each of its walks. What a walk has passed is either gone, or is reached again by the
/// entry that its last delivery makes once it is settled: so no walk ever turns back.
///
/// Kept in memory alone: after a restart each walk begins anew.
struct PrunePosition {
  /// Along `delivery_settled`: the time and the delivery of the last entry.
  var settled: (time: Int64, delivery: Int64) = (.min, 0)
  /// Along `envelope.id`, for events without deliveries: the last envelope that is done.
  var eventless: Int64 = 0
  /// Within the envelope that follows it: the last event that is done.
  var eventWithin: EventID?
  /// Along `envelope.id`, for envelopes without events: the last one that is done.
  var childless: Int64 = 0
  /// Events that would have gone, were they not the newest.
  var spared: Set<Int64> = []

  /// A clock that went back settles deliveries before the place that the walk has reached: not long before `now`,
  /// since this is told after each commit.
  mutating func clockShows(_ now: Timestamp) {
    guard settled.time >= now.microseconds else { return }
    settled = (now.advanced(by: .seconds(-60)).microseconds, 0)
  }
}

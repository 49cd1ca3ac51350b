import RelayStoring

/// What a commit makes of the counts of a replay's deliveries.
struct ReplayDifference: ReplayCounting, Equatable {
  var delivered = 0
  var dead = 0
  var discarded = 0
}

import RelayCore

/// How far the pruner has come on each of its walks. What a walk has passed is either gone, or is reached again: by the
/// entry that its last delivery makes once it is settled, or because it is noted here.
///
/// Kept in memory alone: after a restart each walk begins anew.
struct PrunePosition {
  /// Along `event.id`: the last event that is done.
  var event: Int64 = 0
  /// The last delivery of all events that this walk has ever passed.
  var delivery: Int64 = 0
  /// Where this walk last stopped: when what is too young there was settled; nil: it came to its end.
  var stop: Timestamp?
  /// What this walk has passed and no entry leads to: the first such event, and from when on one of them may go.
  private(set) var again: (event: Int64, time: Timestamp)?
  /// Along `delivery_revisit`: the time and the delivery of the last entry.
  var revisit: (time: Int64, delivery: Int64) = (.min, 0)
  /// Along `envelope.id`, for envelopes without events: the last one that is done.
  var childless: Int64 = 0
  /// Events that would have gone, were they not the newest.
  var spared: Set<Int64> = []

  /// The walk along the events is to come to this one again, once what was settled then is old.
  mutating func comeAgain(_ event: Int64, settled time: Timestamp) {
    again = (min(event, again?.event ?? event), min(time, again?.time ?? time))
  }

  /// Lets the walk along the events turn back if what it has passed may be old enough by now.
  mutating func turnBack(_ cutoff: Timestamp) {
    guard let again, again.time <= cutoff else { return }
    event = min(event, again.event - 1)
    self.again = nil
  }

  /// What is settled from now on must lie behind the place that the walk along `delivery_revisit` has reached. It does not
  /// where the walk spared no age and came to entries of this very moment; nor where it met entries of a time that is
  /// yet to come, which the wall clock left before the store had a time of its own.
  mutating func clockShows(_ now: Timestamp) {
    guard revisit.time >= now.microseconds else { return }
    revisit = (now.advanced(by: .seconds(-60)).microseconds, 0)
  }
}

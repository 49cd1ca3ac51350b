import RelayCore
import RelayStoring

/// What another node has stored with one commit.
struct NewsRow: Equatable {
  var slot: Int16
  var sequence: Int64
  /// Of the news of that slot before this one.
  var previous: Int64
  /// No delivery of the commit has a lower tick.
  var base: Int64
  var destinations: [DestinationRowID]
  var replayed: [DestinationRowID]
  /// Those of destinations that were asked for.
  var keys: [OrderKey]
  /// Those that it has stored.
  var envelopes: [ToldEnvelope] = []
  /// It has stored others, too: those are to be looked for in the store.
  var hasMoreEnvelopes = false
  /// The server's time as it was read, in microseconds.
  var readAt: Int64 = 0
}

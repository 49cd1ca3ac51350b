import RelayCore

/// What is old enough to go.
struct PruneCutoffs {
  /// Events whose last delivery was settled at or before this, or that have none and were received by then.
  var events: Timestamp
  /// Envelopes that have no events left and were received at or before this: nobody asks for their hash any more.
  var envelopes: Timestamp
  /// What happened later is of a time before the clock went back.
  var now: Timestamp
}

/// What has become of the wish that a destination's `Retry-After` ends.
package enum RetryAfterEnd: Sendable, Equatable {
  /// This relay has the destination's lane, and does it itself.
  case own
  /// The relay that has the lane has done it.
  ///
  /// - Parameter until: Until when the destination was to be left alone, by the wall clock; nil: it was not.
  case done(until: Timestamp?)
}

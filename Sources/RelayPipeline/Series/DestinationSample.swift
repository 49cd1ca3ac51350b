/// What is kept of one destination in one step: counts of that time, and how it was at its end.
///
/// Nine numbers of 32 bits: some 2,400 such are kept of each destination.
struct DestinationSample: Sendable, Equatable {
  /// Stands where nothing is known.
  static let unknown = UInt32.max

  /// In the step; `unknown`: there was no such destination.
  var attempts = unknown
  /// Those of them that failed.
  var failed = unknown
  var delivered = unknown
  /// At its end. The store may not have answered: then `unknown`.
  var pending = unknown
  var dead = unknown
  var inFlight = unknown
  /// How old the oldest pending delivery was, in tenths of a second; `unknown`: none was pending, as far as is known.
  var oldestPending = unknown
  /// From receipt to delivery, of those that were delivered in the step, in tenths of a millisecond; `unknown`: none was.
  var latencyMedian = unknown
  /// What one of a hundred exceeded.
  var latencyTail = unknown

  static let absent = DestinationSample()

  var isAbsent: Bool { attempts == Self.unknown }

  /// Both together, where this one comes first. A median can't be made of two: that of more deliveries stands for both.
  func followed(by next: DestinationSample) -> DestinationSample {
    guard !next.isAbsent else { return self }
    guard !isAbsent else { return next }
    var sum = next
    sum.attempts = attempts.adding(next.attempts)
    sum.failed = failed.adding(next.failed)
    sum.delivered = delivered.adding(next.delivered)
    if next.pending == Self.unknown {
      (sum.pending, sum.dead, sum.oldestPending) = (pending, dead, oldestPending)
    }
    if delivered > next.delivered {
      (sum.latencyMedian, sum.latencyTail) = (latencyMedian, latencyTail)
    }
    return sum
  }
}

/// What is kept of one source in one step.
struct SourceSample: Sendable, Equatable {
  /// Envelopes; `unknown`: there was no such source.
  var accepted = DestinationSample.unknown
  /// Those of accepted envelopes.
  var events = DestinationSample.unknown
  /// Requests that were not taken.
  var refused = DestinationSample.unknown

  static let absent = SourceSample()

  var isAbsent: Bool { accepted == DestinationSample.unknown }

  func followed(by next: SourceSample) -> SourceSample {
    guard !next.isAbsent else { return self }
    guard !isAbsent else { return next }
    return SourceSample(
      accepted: accepted.adding(next.accepted), events: events.adding(next.events),
      refused: refused.adding(next.refused))
  }
}

extension UInt32 {
  /// A number that is known, whatever it is.
  init(known number: Int) {
    self = UInt32(clamping: Swift.min(Swift.max(number, 0), Int(DestinationSample.unknown) - 1))
  }

  fileprivate func adding(_ other: UInt32) -> UInt32 { UInt32(known: Int(self) + Int(other)) }
}

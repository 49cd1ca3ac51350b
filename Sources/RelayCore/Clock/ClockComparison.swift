/// How far the relay's wall clock is from its destinations', as their answers' `date` tells.
///
/// One destination may be the one that is wrong: the relay's own offset is the median of all, and where two stand in the
/// middle the smaller one.
package struct ClockComparison: Sendable, Equatable {
  /// What has become known, for the log.
  package enum Change: Sendable, Equatable {
    /// The relay's clock is this much ahead.
    case off(Duration)
    case right
    /// This destination's clock is this much behind, and the relay's agrees with others'.
    case destinationOff(String, Duration)
    case destinationRight(String)
  }

  /// A difference up to this is none: receivers of signed requests allow for more.
  package static let tolerance = Duration.seconds(60)

  private var offsets: [String: Duration] = [:]
  private var isOff = false
  private var destinationsOff: Set<String> = []

  package init() {}

  /// How far the relay's clock is ahead; nil: no destination has told the time.
  package var offset: Duration? {
    let sorted = offsets.values.sorted()
    guard !sorted.isEmpty else { return nil }
    let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
    return abs(low.microseconds) <= abs(high.microseconds) ? low : high
  }

  package static func isOff(_ offset: Duration) -> Bool {
    offset > tolerance || offset < .zero - tolerance
  }

  /// How far the relay's clock was ahead of an answer's `date`: it was written at some time between the request's start and
  /// the answer's end, and its second may have begun before.
  ///
  /// All by the wall clock.
  package static func offset(ofAnswerDated date: Timestamp, from start: Timestamp, to end: Timestamp)
    -> Duration
  {
    let secondEnd = date.advanced(by: .seconds(1))
    if date > end { return date.duration(to: end) }
    return secondEnd < start ? secondEnd.duration(to: start) : .zero
  }

  /// A destination's answer has told the time.
  package mutating func compare(_ offset: Duration, of destination: String) -> Change? {
    offsets[destination] = offset
    let wasOff = isOff
    isOff = Self.isOff(self.offset ?? .zero)
    if isOff != wasOff {
      if isOff { destinationsOff = [] }
      return isOff ? .off(self.offset ?? .zero) : .right
    }
    guard !isOff else { return nil }
    if Self.isOff(offset) {
      return destinationsOff.insert(destination).inserted ? .destinationOff(destination, offset) : nil
    }
    return destinationsOff.remove(destination) != nil ? .destinationRight(destination) : nil
  }

  /// The relay's clock was set forward by this much, or back (negative).
  package mutating func stepped(by step: Duration) {
    offsets = offsets.mapValues { $0 + step }
  }

  /// Forgets the destinations that are no longer configured.
  package mutating func keep(only names: Set<String>) {
    offsets = offsets.filter { names.contains($0.key) }
    destinationsOff.formIntersection(names)
  }
}

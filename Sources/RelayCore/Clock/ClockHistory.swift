/// What the wall clock showed at which steady time: how far it was ahead, from each of its steps on.
///
/// So a stored time is shown as the clock showed it then, and one that is yet to come as the clock will show it.
package struct ClockHistory: Sendable, Equatable {
  package struct Step: Sendable, Equatable {
    /// Steady.
    package var from: Timestamp
    /// The wall clock's lead since then.
    package var offset: Duration

    package init(from: Timestamp, offset: Duration) {
      self.from = from
      self.offset = offset
    }
  }

  /// In order of time. The first one's offset holds before it as well.
  package private(set) var steps: [Step]

  /// A clock that is set every minute must not fill the memory: older steps are forgotten.
  package static let maxSteps = 1_024

  package init(_ steps: [Step] = []) {
    self.steps = steps
  }

  /// How far the wall clock is ahead now.
  package var offset: Duration { steps.last?.offset ?? .zero }

  mutating func add(_ step: Step) {
    if let last = steps.last, last.from >= step.from { steps.removeLast() }
    steps.append(step)
    if steps.count > Self.maxSteps { steps.removeFirst(steps.count - Self.maxSteps) }
  }

  /// What the wall clock showed, or will show.
  package func wall(at steady: Timestamp) -> Timestamp { steady.advanced(by: offset(at: steady)) }

  private func offset(at steady: Timestamp) -> Duration {
    // What is looked at is mostly new.
    (steps.last { $0.from <= steady } ?? steps.first)?.offset ?? .zero
  }

  /// The first moment at which the wall clock showed this time, or a later one.
  package func firstMoment(from wall: Timestamp) -> Timestamp {
    for (place, step) in steps.enumerated() {
      let moment = wall.advanced(by: .zero - step.offset)
      let end = place + 1 < steps.count ? steps[place + 1].from : .distantFuture
      if moment < end { return place == 0 ? moment : max(moment, step.from) }
    }
    return wall
  }

  /// The last moment before which the wall clock showed an earlier time than this one.
  package func lastMoment(before wall: Timestamp) -> Timestamp {
    var end = Timestamp.distantFuture
    for (place, step) in steps.enumerated().reversed() {
      let moment = wall.advanced(by: .zero - step.offset)
      if place == 0 || moment > step.from { return min(moment, end) }
      end = step.from
    }
    return wall
  }
}

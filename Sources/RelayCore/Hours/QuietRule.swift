/// When a source that sends nothing is silent (`quiet_after`): after so long without an accepted envelope, counted inside its hours
/// only. The beginning of the hours begins the count anew; what a source that fell silent then is, it stays until it is heard.
///
/// The time is the steady clock's, so a step of the wall clock makes nobody silent by itself. Which hours it is the wall clock says, as
/// it showed it at each moment: a step that leads from outside the hours into them is their beginning, one from hours to hours
/// is passed over.
package struct QuietRule: Sendable, Equatable {
  package var limit: Duration
  /// nil: all there are.
  package var hours: ServiceHours?

  package init(limit: Duration, hours: ServiceHours? = nil) {
    self.limit = limit
    self.hours = hours
  }

  /// The moment at which a source falls silent that was heard last at `last`, if it is not heard again; nil: it never does, as far as
  /// can be seen.
  ///
  /// - Parameters:
  ///   - last: By the steady clock, as all moments here.
  ///   - history: What the wall clock has shown, and shows.
  ///   - deaf: When the relay did not run: that does not count. In order.
  package func deadline(
    after last: Timestamp, history: ClockHistory, deaf: [Range<Timestamp>] = []
  ) -> Timestamp? {
    var count = QuietCount(limit: limit, deaf: deaf)
    guard let hours else { return count.add(last..<Timestamp.distantFuture) }
    for segment in history.segments(from: last) {
      // A moment is shown in UTC: `offset` later than the steady time.
      let offset = segment.offset
      func steady(_ seconds: Int64) -> Timestamp {
        Timestamp(microseconds: seconds * 1_000_000).advanced(by: .zero - offset)
      }
      let from = segment.moments.lowerBound.advanced(by: offset).seconds
      // A span may have begun on the day before. No zone is as far from UTC as a day.
      var day = from.flooredDivision(by: 86_400).quotient - 2
      let lastDay = day + lookahead(hours)
      while day <= lastDay {
        let spans = hours.moments(onDay: day)
        for span in spans {
          let clipped = (steady(span.lowerBound)..<steady(span.upperBound)).clamped(to: segment.moments)
          if !clipped.isEmpty, let deadline = count.add(clipped) { return deadline }
        }
        day += 1
        if steady((day - 1) * 86_400) >= segment.moments.upperBound { break }
      }
    }
    return nil
  }

  /// How many days are looked at: some week without days off is among them.
  private func lookahead(_ hours: ServiceHours) -> Int64 {
    let longest = Int64(limit.components.seconds / 86_400)
    return 400 + longest + Int64(hours.daysOff.count) * 8
  }
}

/// Counts spans of time, in order: what follows without a break counts on, and a break begins anew.
private struct QuietCount {
  let limit: Duration
  let deaf: [Range<Timestamp>]
  private var end = Timestamp(microseconds: .min)
  private var counted = Duration.zero

  init(limit: Duration, deaf: [Range<Timestamp>]) {
    self.limit = limit
    self.deaf = deaf
  }

  /// - Returns: When the limit is reached, if it is in this span.
  mutating func add(_ span: Range<Timestamp>) -> Timestamp? {
    if span.lowerBound > end { counted = .zero }
    // Two spans may have an hour in common that a zone's clocks show twice.
    var from = max(span.lowerBound, end)
    end = max(span.upperBound, end)
    for pause in deaf where pause.upperBound > from && pause.lowerBound < span.upperBound {
      if pause.lowerBound > from, let deadline = count(from..<pause.lowerBound) { return deadline }
      from = pause.upperBound
    }
    return from < span.upperBound ? count(from..<span.upperBound) : nil
  }

  private mutating func count(_ span: Range<Timestamp>) -> Timestamp? {
    let missing = limit - counted
    let length = span.lowerBound.duration(to: span.upperBound)
    guard length < missing else { return span.lowerBound.advanced(by: missing) }
    counted += length
    return nil
  }
}

extension ClockHistory {
  /// The times between steps of the wall clock, from a moment on, with how far it was ahead in each; the last one has no end.
  fileprivate func segments(from first: Timestamp) -> [(moments: Range<Timestamp>, offset: Duration)] {
    guard !steps.isEmpty else { return [(first..<Timestamp.distantFuture, .zero)] }
    return steps.indices.compactMap { place in
      let begin = place == 0 ? first : max(first, steps[place].from)
      let end = place + 1 < steps.count ? steps[place + 1].from : .distantFuture
      return begin < end ? (begin..<end, steps[place].offset) : nil
    }
  }
}

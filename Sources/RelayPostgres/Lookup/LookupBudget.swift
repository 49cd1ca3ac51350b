/// How much a page may look at.
struct LookupBudget: Sendable {
  var rows: Int
  var time: Duration

  /// Others who ask get their turn after it.
  static let page = LookupBudget(rows: 20_000, time: .milliseconds(20))
}

/// How long a page may look: from its first look on. What it has to find out before that takes nothing away from it. A pure value.
struct LookupTime: Equatable {
  let length: Duration
  private var end: ContinuousClock.Instant?

  init(_ length: Duration) {
    self.length = length
  }

  /// Before a look.
  mutating func isOver(at now: ContinuousClock.Instant) -> Bool {
    guard let end else {
      end = now.advanced(by: length)
      return false
    }
    return now >= end
  }
}

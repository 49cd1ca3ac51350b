/// How much of what replays ask for goes into a commit beside envelopes, whose senders and deliveries wait for its end: a pure
/// value. docs/decisions/0035-replays-give-way.md says why.
///
/// It lengthens the commit by a quarter at most, as the last ones were: on a slow disk that is more than on a fast one.
package struct ReplayShare: Sendable, Equatable {
  /// A share of each item: an outcome, and a delivery to be queued.
  package static let bounds = 4...128
  /// A commit may become longer by this part of it.
  package static let part = 4

  /// What the last commits took without it, and what an item of it took: averages of about eight.
  private var commit = Duration.zero
  private var item = Duration.microseconds(10)

  package init() {}

  /// A commit beside envelopes has ended.
  ///
  /// - Parameters:
  ///   - duration: Its time, the disk's included.
  ///   - replayed: What of it was spent on so many items of replays.
  package mutating func committed(in duration: Duration, replayed: Duration, items: Int) {
    commit = Self.average(commit, max(.zero, duration - replayed))
    if items > 0 { item = Self.average(item, max(.microseconds(1), replayed / items)) }
  }

  private static func average(_ before: Duration, _ now: Duration) -> Duration {
    before == .zero ? now : (before * 7 + now) / 8
  }

  /// So many outcomes, and as many deliveries that are queued.
  package var items: Int {
    let fitting = commit / Self.part / (item * 2)
    return min(Self.bounds.upperBound, max(Self.bounds.lowerBound, Int(fitting)))
  }

  /// So many of what is queued are handed out after it. More than are sent meanwhile: a claim is answered while the next commit
  /// is made.
  package var claimed: Int { 2 * items }
}

/// When what waits for the store is to be committed: a pure value. docs/decisions/0010-commits-that-gather.md says why.
///
/// A commit costs the same whether it carries one envelope or fifty, so what can come together is let come together, and
/// nobody waits for what will not come:
/// - An envelope that finds the store at rest is committed at once.
/// - Under load the next commit begins when as many envelopes wait as the last one carried, since those are as many
///   senders as have had their answers; and at the latest `gathering` after the last one ended.
/// - Outcomes of attempts that nobody waits for go with the next commit, and wait for one at most `deferral`: a crash
///   meanwhile makes those attempts again.
/// - Everything else is done at once.
struct CommitPace: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// What has been asked and not been taken yet.
  struct Waiting: Sendable, Equatable {
    var envelopes = 0
    /// Outcomes that nobody waits for.
    var deferrable = 0
    /// When the first of them came.
    var deferrableSince: Instant?
    /// Something that is to be done at once.
    var isUrgent = false
  }

  static let gathering = Duration.milliseconds(1)
  static let deferral = Duration.milliseconds(5)
  /// This many outcomes are worth a commit of their own.
  static let deferrableLimit = 256

  /// When the last commit ended.
  private(set) var lastEnd: Instant
  /// What the last one that held any carried.
  private var lastEnvelopes = 1

  init(start: Instant) {
    lastEnd = start
  }

  mutating func committed(envelopes: Int, at now: Instant) {
    lastEnd = now
    if envelopes > 0 { lastEnvelopes = envelopes }
  }

  /// When to commit; it may have passed. nil: nothing waits.
  func due(_ waiting: Waiting) -> Instant? {
    if waiting.isUrgent || waiting.envelopes >= lastEnvelopes || waiting.deferrable >= Self.deferrableLimit {
      return lastEnd
    }
    let gathered = waiting.envelopes > 0 ? lastEnd.advanced(by: Self.gathering) : nil
    let deferred = waiting.deferrableSince?.advanced(by: Self.deferral)
    guard let gathered, let deferred else { return gathered ?? deferred }
    return min(gathered, deferred)
  }

  /// Until when more is likely to come: a thread that sleeps until then need not be told of what can wait longer.
  var restBegins: Instant { lastEnd.advanced(by: Self.deferral) }
}

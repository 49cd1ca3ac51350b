/// When what waits for the store is to be committed: a pure value. docs/decisions/0010-commits-that-gather.md says why.
///
/// A commit costs the same whether it carries one envelope or fifty, so what can come together is let come together, and
/// nobody waits for what will not come:
/// - An envelope that finds the store at rest is committed at once.
/// - Under load the next commit begins when as many envelopes wait as the last one carried, since those are as many
///   senders as have had their answers; and at the latest `gathering` after the last one ended.
/// - Outcomes of attempts that nobody waits for go with the next commit, and wait for one at most `deferral`: a crash
///   meanwhile makes those attempts again.
/// - What replays ask for is such, too, and gives way: while envelopes come, it has a commit of its own only where there was
///   none for a while, and else a small share of theirs.
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
    /// What replays ask for: outcomes, and deliveries to be queued.
    var replayed = 0
    /// When the first of that came.
    var replayedSince: Instant?
    /// Some of it is waited for.
    var replayedIsUrgent = false
    /// Something that is to be done at once.
    var isUrgent = false
  }

  static let gathering = Duration.milliseconds(1)
  static let deferral = Duration.milliseconds(5)
  /// This many outcomes are worth a commit of their own.
  static let deferrableLimit = 256

  /// How long after a commit with envelopes the next are expected, and replays give way to them.
  static let attention = Duration.milliseconds(250)

  /// When the last commit ended.
  private(set) var lastEnd: Instant
  /// What the last one that held any carried.
  private var lastEnvelopes = 1
  /// When that one ended.
  private var lastEnvelopesEnd: Instant?

  init(start: Instant) {
    lastEnd = start
  }

  mutating func committed(envelopes: Int, at now: Instant) {
    lastEnd = now
    guard envelopes > 0 else { return }
    (lastEnvelopes, lastEnvelopesEnd) = (envelopes, now)
  }

  /// Envelopes come, or are likely to: what replays ask for has a small share of each commit.
  func replaysGiveWay(at now: Instant) -> Bool {
    lastEnvelopesEnd.map { now < $0.advanced(by: Self.attention) } ?? false
  }

  /// When to commit; it may have passed. nil: nothing waits.
  func due(_ waiting: Waiting) -> Instant? {
    if waiting.isUrgent || waiting.envelopes >= lastEnvelopes || waiting.deferrable >= Self.deferrableLimit {
      return lastEnd
    }
    let gathered = waiting.envelopes > 0 ? lastEnd.advanced(by: Self.gathering) : nil
    let deferred = waiting.deferrableSince?.advanced(by: Self.deferral)
    return Self.earlier(
      Self.earlier(gathered, deferred), waiting.replayedSince.map { replaysDue(waiting, since: $0) })
  }

  /// When what replays ask for gets a commit of its own.
  private func replaysDue(_ waiting: Waiting, since: Instant) -> Instant {
    let patient = since.advanced(by: Self.deferral)
    let due = waiting.replayedIsUrgent || waiting.replayed >= Self.deferrableLimit ? lastEnd : patient
    guard let attentive = lastEnvelopesEnd?.advanced(by: Self.attention), attentive > due else { return due }
    return min(attentive, max(patient, lastEnd.advanced(by: Self.deferral)))
  }

  /// nil: never.
  private static func earlier(_ one: Instant?, _ other: Instant?) -> Instant? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
  }

  /// Until when more is likely to come: a thread that sleeps until then need not be told of what can wait longer.
  var restBegins: Instant { lastEnd.advanced(by: Self.deferral) }
}

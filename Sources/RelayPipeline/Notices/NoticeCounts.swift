import RelayCore

/// Turns what is counted into states: one begins with the first that is new, and ends an hour after the last.
struct NoticeCounts: Sendable, Equatable {
  private struct Tally: Sendable, Equatable {
    /// As of the last look; nil: there was none in this process.
    var total: Int?
    var stored: Int
    var lastNew: Timestamp?
    /// When the total has last grown in this process.
    var lastGrown: Timestamp?
  }

  /// Without one for so long, it is over.
  static let silence = Duration.seconds(3_600)
  /// What the store is said to have may be so old: meanwhile it has at least as many as were counted.
  static let readingAge = Duration.seconds(15)
  /// How many are kept: what is kept has a fixed room.
  static let maxKept = 600

  private var tallies: [NoticeKey: Tally] = [:]
  /// The totals of what was there, and is gone: they go on from there should it come back.
  private var goneTotals: [NoticeKey: Int] = [:]
  private var hasLooked = false

  init() {}

  /// - Parameters:
  ///   - kept: How it was when it was last kept.
  ///   - open: What has been told and not ended. Where it is not known when the last one was new, it may have been a moment ago.
  init(kept: [NoticeKey: KeptNotices.Count], open: some Sequence<NoticeKey>, at now: Timestamp) {
    tallies = kept.mapValues {
      Tally(total: nil, stored: $0.stored, lastNew: $0.lastNew.map { min($0, now) })
    }
    for key in open where key.kind.isCounted && tallies[key]?.lastNew == nil {
      tallies[key, default: Tally(stored: 0)].lastNew = now
    }
  }

  /// What is to be kept: as many as there is room for.
  var kept: [NoticeKey: KeptNotices.Count] {
    tallies.first(Self.maxKept) { $0.key < $1.key }.mapValues {
      KeptNotices.Count(stored: $0.stored, lastNew: $0.lastNew)
    }
  }

  /// What the first look shows is old, and so is what happened before. What comes later began at nothing, or where it was when it was
  /// there last.
  mutating func look(_ counts: [NoticeKey: NoticeCount], at now: Timestamp) -> [NoticeKey: NoticeState] {
    var states: [NoticeKey: NoticeState] = [:]
    for (key, count) in counts {
      let first = hasLooked ? goneTotals[key] ?? 0 : count.total
      var tally =
        tallies[key] ?? Tally(total: first, stored: max(0, (count.stored ?? 0) - (count.total - first)))
      // At the first look of a process, what the store has beyond what was kept came before a crash.
      let isNew =
        tally.total.map { count.total > $0 } ?? (count.total > 0 || count.stored ?? 0 > tally.stored)
      if isNew { tally.lastNew = now }
      if let last = tally.lastNew, last.duration(to: now) >= Self.silence { tally.lastNew = nil }
      let grown = max(0, count.total - (tally.total ?? count.total))
      if grown > 0 { tally.lastGrown = now }
      tally.total = count.total
      if let stored = count.stored {
        let isOld = tally.lastGrown.map { $0.duration(to: now) < Self.readingAge } ?? false
        tally.stored = isOld ? max(stored, tally.stored + grown) : stored
      }
      tallies[key] = tally
      states[key] =
        tally.lastNew == nil ? .off : .on(count.stored == nil ? "" : "\(tally.stored) in all")
    }
    forget(besides: counts)
    hasLooked = true
    return states
  }

  private mutating func forget(besides counts: [NoticeKey: NoticeCount]) {
    goneTotals = goneTotals.filter { counts[$0.key] == nil }
    for (key, tally) in tallies where counts[key] == nil {
      tallies[key] = nil
      if goneTotals.count < Self.maxKept { goneTotals[key] = tally.total }
    }
  }
}

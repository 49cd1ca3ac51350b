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

  init() {}

  /// - Parameters:
  ///   - stored: What the store had counted when it was last kept.
  ///   - open: What has been told and not ended. When the last one was new is not known: it may have been a moment ago.
  init(kept stored: [NoticeKey: Int], open: some Sequence<NoticeKey>, at now: Timestamp) {
    tallies = stored.mapValues { Tally(total: nil, stored: $0) }
    for key in open where key.kind.isCounted { tallies[key, default: Tally(stored: 0)].lastNew = now }
  }

  /// What is to be kept: as many as there is room for.
  var stored: [NoticeKey: Int] {
    Dictionary(
      uniqueKeysWithValues: tallies.sorted { $0.key < $1.key }.prefix(Self.maxKept).map { ($0, $1.stored) })
  }

  /// What is seen for the first time is old, and so is what happened before.
  mutating func look(_ counts: [NoticeKey: NoticeCount], at now: Timestamp) -> [NoticeKey: NoticeState] {
    var states: [NoticeKey: NoticeState] = [:]
    for (key, count) in counts {
      let known = tallies[key]
      var tally = known ?? Tally(total: count.total, stored: count.stored ?? 0)
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
    tallies = tallies.filter { counts[$0.key] != nil }
    return states
  }
}

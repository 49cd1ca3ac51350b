import RelayCore

/// Folds refusals into spans of time: those of one kind and source that follow one another soon are one. A pure value, bounded;
/// what it has and the store does not have yet, it hands out until it is told that it is kept.
struct GapSpans: Sendable {
  /// After so long without a refusal, the next one begins another span.
  static let apart = Duration.seconds(60)
  /// Spans that the store could not take yet. With more, those of a kind and source are one, however far apart.
  static let maxUnwritten = 200

  private struct Key: Hashable {
    var kind: Gap.Kind
    var source: String?
  }

  /// The last span of each.
  private var latest: [Key: Gap] = [:]
  /// Earlier ones that are not kept yet.
  private var earlier: [Gap] = []
  /// Which of the last ones have grown since they were kept.
  private var grown: Set<Key> = []

  /// Something is not kept yet.
  var hasUnwritten: Bool { !earlier.isEmpty || !grown.isEmpty }

  /// All that is not kept yet.
  var unwritten: [Gap] { earlier + grown.compactMap { latest[$0] } }

  mutating func refused(_ kind: Gap.Kind, source: String?, reason: String, at now: Timestamp) {
    let key = Key(kind: kind, source: source)
    grown.insert(key)
    if var gap = latest[key] {
      let isNear = gap.ended.duration(to: now) <= Self.apart
      if isNear || earlier.count >= Self.maxUnwritten {
        gap.ended = max(gap.ended, now)
        gap.count += 1
        gap.reason = reason
        latest[key] = gap
        return
      }
      earlier.append(gap)
    }
    latest[key] = Gap(kind: kind, source: source, began: now, ended: now, count: 1, reason: reason)
  }

  /// One that is known as a whole.
  mutating func add(_ gap: Gap) { earlier.append(gap) }

  /// The store has kept these.
  mutating func wrote(_ gaps: [Gap]) {
    let written = gaps
    earlier.removeAll { written.contains($0) }
    grown = grown.filter { key in latest[key].map { !written.contains($0) } ?? false }
  }
}

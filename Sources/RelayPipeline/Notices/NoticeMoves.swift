import RelayCore

/// What of notices moves by itself from look to look, and is to be known after a restart: counts, beginnings that nobody has been
/// told of yet, and refusals. It is kept now and then: a disk is not written to for each step of it.
struct NoticeMoves: Sendable, Equatable {
  var counts: [NoticeKey: KeptNotices.Count] = [:]
  var beginnings: [NoticeKey: NoticeRules.Beginning] = [:]
  var refusals: [String: KeptNotices.Run] = [:]

  /// It is kept no more often.
  static let interval = Duration.seconds(15)
  /// How far a time that only goes on may move meanwhile.
  private static let tolerance = Duration.seconds(60)
  /// How old it may be when something was last seen to be so: less than what is believed over a restart (`NoticeRules.memory`).
  private static let longestUnseen = Duration.seconds(600)

  init() {}

  /// - Parameter beginnings: The oldest of them, as many as there is room for.
  init(
    counts: [NoticeKey: KeptNotices.Count], beginnings: [NoticeKey: NoticeRules.Beginning],
    refusals: [String: KeptNotices.Run]
  ) {
    self.counts = counts
    self.refusals = refusals
    self.beginnings = beginnings.first(KeptNotices.maxBeginnings) {
      ($0.value.since, $0.key) < ($1.value.since, $1.key)
    }
  }

  /// Whether a restart would go by something else than what was kept.
  func hasMoved(from kept: NoticeMoves) -> Bool {
    Self.differ(counts, kept.counts) { a, b in
      a.stored != b.stored || Self.isApart(a.lastNew, b.lastNew, by: Self.tolerance)
    }
      || Self.differ(beginnings, kept.beginnings) { a, b in
        a.since != b.since || Self.isApart(a.seen, b.seen, by: Self.longestUnseen)
      }
      || Self.differ(refusals, kept.refusals) { a, b in
        a.first != b.first || Self.isApart(a.last, b.last, by: Self.tolerance)
      }
  }

  private static func differ<Key, Value>(
    _ a: [Key: Value], _ b: [Key: Value], _ differs: (Value, Value) -> Bool
  ) -> Bool {
    a.count != b.count || a.contains { key, value in b[key].map { differs(value, $0) } ?? true }
  }

  private static func isApart(_ a: Timestamp?, _ b: Timestamp?, by limit: Duration) -> Bool {
    guard let a, let b else { return (a == nil) != (b == nil) }
    return a.duration(to: b) >= limit || b.duration(to: a) >= limit
  }
}

extension Dictionary {
  /// As many entries as there is room for: where there are more, those that come first in an order.
  func first(_ count: Int, by areInOrder: (Element, Element) -> Bool) -> Self {
    guard self.count > count else { return self }
    return Dictionary(uniqueKeysWithValues: sorted(by: areInOrder).prefix(count).map { ($0.key, $0.value) })
  }
}

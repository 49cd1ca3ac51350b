/// How far the news of each slot were read: a pure value. One slot has one writer, so its commits become visible in the order of their
/// sequences, and the highest that was read stands for all before it.
struct NewsCursor: Equatable {
  private(set) var read: [Int16: Int64] = [:]

  /// - Returns: Whether all news of that slot before it were read. If not, some were removed before anybody came for them.
  mutating func add(_ row: NewsRow) -> Bool {
    defer { read[row.slot] = row.sequence }
    return row.previous == read[row.slot] ?? 0
  }

  /// The news up to there are of no interest.
  mutating func skip(to sequence: Int64, of slot: Int16) { read[slot] = sequence }
}

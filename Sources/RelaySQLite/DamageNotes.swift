import RelayCore

/// Pending deliveries that can't be read, since their event or envelope is missing: they are passed over, each is told of
/// once, and all others go on.
struct DamageNotes {
  private var known: Set<Int64> = []
  private var news: [Int64] = []

  mutating func note(_ delivery: Int64) {
    if known.insert(delivery).inserted { news.append(delivery) }
  }

  /// What has come up since this was last asked.
  mutating func takeError() -> StoreError? {
    guard let first = news.first else { return nil }
    defer { news.removeAll() }
    let others = news.count > 1 ? " and \(news.count - 1) more" : ""
    return StoreError(
      code: .failing,
      message:
        "the store is damaged: delivery \(first)\(others) can't be made, its event or envelope is missing; "
        + "keep a copy of the store's files, and restore a backup if what is missing matters")
  }
}

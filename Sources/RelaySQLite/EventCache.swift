import RelayCore

/// Events that were read for one of their deliveries, for the others: lanes that are behind come for the same events at
/// about the same time. Holds the last ones read, at most `limit` bytes of them.
struct EventCache {
  private var events: [Int64: Event] = [:]
  /// In the order in which they were read.
  private var order = ReadOrder()
  private var footprint = 0
  private let limit: Int

  init(limit: Int = 4 << 20) {
    self.limit = limit
  }

  func event(_ row: Int64) -> Event? { events[row] }

  mutating func insert(_ event: Event, row: Int64) {
    guard event.footprint <= limit / 4, events.updateValue(event, forKey: row) == nil else { return }
    order.append(row)
    footprint += event.footprint
    while footprint > limit, let oldest = order.popFirst(), let event = events.removeValue(forKey: oldest) {
      footprint -= event.footprint
    }
  }

  mutating func removeAll() { self = EventCache(limit: limit) }

  private struct ReadOrder {
    private var rows: [Int64] = []
    private var head = 0

    mutating func append(_ row: Int64) { rows.append(row) }

    mutating func popFirst() -> Int64? {
      guard head < rows.count else { return nil }
      defer { head += 1 }
      if head > 1_024 && head * 2 > rows.count {
        rows.removeFirst(head)
        head = 0
      }
      return rows[head]
    }
  }
}

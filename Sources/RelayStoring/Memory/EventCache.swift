import RelayCore

/// Events that were read for one of their deliveries, for the others: lanes that are behind come for the same events at
/// about the same time. Holds the last ones read, at most `limit` bytes of them. Confined to the store's thread.
///
/// `Place` is what an event's row is found by.
package final class EventCache<Place: Hashable> {
  private var events: [Place: Event] = [:]
  /// In the order in which they were read.
  private var order = ReadOrder()
  private var footprint = 0
  private let limit: Int

  package init(limit: Int = 4 << 20) {
    self.limit = limit
  }

  package func event(_ row: Place) -> Event? { events[row] }

  package func insert(_ event: Event, row: Place) {
    guard event.footprint <= limit / 4, events.updateValue(event, forKey: row) == nil else { return }
    order.append(row)
    footprint += event.footprint
    while footprint > limit, let oldest = order.popFirst() {
      guard let event = events.removeValue(forKey: oldest) else { continue }
      footprint -= event.footprint
    }
  }

  /// What it says is erased: nobody is given it any more.
  package func remove(_ row: Place) {
    guard let event = events.removeValue(forKey: row) else { return }
    footprint -= event.footprint
  }

  package func removeAll() {
    events = [:]
    order = ReadOrder()
    footprint = 0
  }

  private struct ReadOrder {
    private var rows: [Place] = []
    private var head = 0

    mutating func append(_ row: Place) { rows.append(row) }

    mutating func popFirst() -> Place? {
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

@available(*, unavailable)
extension EventCache: Sendable {}

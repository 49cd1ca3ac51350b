import RelayCore

/// Events that were read for one of their deliveries, for the others: lanes that are behind come for the same events at
/// about the same time. Holds the last ones read, at most `limit` bytes of them. Confined to the store's thread.
final class EventCache: TransactionMember {
  private var events: [EventRowID: Event] = [:]
  /// In the order in which they were read.
  private var order = ReadOrder()
  private var footprint = 0
  private let limit: Int

  init(limit: Int = 4 << 20, _ transactions: Transactions) {
    self.limit = limit
    transactions.register(self)
  }

  func event(_ row: EventRowID) -> Event? { events[row] }

  func insert(_ event: Event, row: EventRowID) {
    guard event.footprint <= limit / 4, events.updateValue(event, forKey: row) == nil else { return }
    order.append(row)
    footprint += event.footprint
    while footprint > limit, let oldest = order.popFirst() {
      guard let event = events.removeValue(forKey: oldest) else { continue }
      footprint -= event.footprint
    }
  }

  /// What it says is erased: nobody is given it any more.
  func remove(_ row: EventRowID) {
    guard let event = events.removeValue(forKey: row) else { return }
    footprint -= event.footprint
  }

  func commit() {}

  /// What the failed transaction has made has gone, and the numbers of its rows will be given to others.
  func rollback() {
    events = [:]
    order = ReadOrder()
    footprint = 0
  }

  private struct ReadOrder {
    private var rows: [EventRowID] = []
    private var head = 0

    mutating func append(_ row: EventRowID) { rows.append(row) }

    mutating func popFirst() -> EventRowID? {
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

import RelayCore

/// Between which rows events stand that were received in a time. Confined to the thread of its connection.
///
/// A test asserts each statement's plan.
final class EventBounds {
  private let arrivedFrom: Statement
  private let receivedEvent: Statement
  private let firstEvent: Statement
  private let lastEvent: Statement
  private let lateEvents: Statement

  init(_ connection: Connection) throws(StoreError) {
    // An event that was stored later than it came has an envelope's row without a hash, and deliveries that say when that was.
    arrivedFrom = try connection.prepare(
      """
      SELECT e.id, iif(v.hash IS NULL, coalesce(d.arrived, v.received), v.received)
      FROM event e CROSS JOIN envelope v ON v.id = e.envelope LEFT JOIN delivery d ON d.id = e.first_delivery
      WHERE e.id >= ?1 ORDER BY e.id LIMIT 1
      """)
    receivedEvent = try connection.prepare(
      """
      SELECT v.received FROM event e CROSS JOIN envelope v ON v.id = e.envelope
      WHERE e.id >= ?1 ORDER BY e.id LIMIT 1
      """)
    firstEvent = try connection.prepare("SELECT min(id) FROM event")
    lastEvent = try connection.prepare("SELECT max(id) FROM event")
    lateEvents = try connection.prepare(
      """
      SELECT event FROM delivery INDEXED BY delivery_rerouted
      WHERE arrived IS NOT NULL AND (run <> 0) = 0 ORDER BY id LIMIT ?1
      """)
  }

  /// The rows that there are.
  func allRows() throws(StoreError) -> Range<Int64> {
    guard let first = try firstEvent.firstInteger(), let last = try lastEvent.firstInteger() else {
      return 0..<0
    }
    return first..<last + 1
  }

  /// The rows within which all events stand that were received in that time; but for those that were stored later than they
  /// came, which stand anywhere behind. Where the wall clock was set back, more than fits lies within.
  ///
  /// - Parameter all: Those that there are.
  func rows(
    since: Timestamp?, until: Timestamp?, _ history: ClockHistory, in all: Range<Int64>
  ) throws(StoreError) -> Range<Int64> {
    let slack = DeliveryWalks.longestCommit
    let first = try since.map { time throws(StoreError) in
      try row(receivedFrom: history.firstMoment(from: time).advanced(by: .zero - slack), in: all)
    }
    let end = try until.map { time throws(StoreError) in
      try row(receivedFrom: history.lastMoment(before: time).advanced(by: slack), in: all)
    }
    let start = first ?? all.lowerBound
    return start..<max(start, end ?? all.upperBound)
  }

  /// A row before which all events were stored before that steady time, as far as rows are in order of it.
  private func row(receivedFrom time: Timestamp, in all: Range<Int64>) throws(StoreError) -> Int64 {
    var (first, end) = (all.lowerBound, all.upperBound)
    let query = arrivedFrom
    while first < end {
      let middle = first + (end - first) / 2
      query.bind(1, middle)
      defer { query.reset() }
      guard try query.step(), query.integer(0) < end, query.time(1) < time else {
        end = middle
        continue
      }
      first = query.integer(0) + 1
    }
    return first
  }

  /// When the first event from this row on was received, by the relay's own clock.
  func received(from row: Int64) throws(StoreError) -> Timestamp? {
    receivedEvent.bind(1, row)
    return try receivedEvent.firstInteger().map { Timestamp(microseconds: $0) }
  }

  /// Events that were routed anew, rising; nil: there are too many.
  func lateEvents(limit: Int = 10_000) throws(StoreError) -> SortedRows? {
    lateEvents.bind(1, limit + 1)
    defer { lateEvents.reset() }
    var rows: [Int64] = []
    while try lateEvents.step() {
      guard rows.count < limit else { return nil }
      rows.append(lateEvents.integer(0))
    }
    return SortedRows(rows)
  }
}

@available(*, unavailable)
extension EventBounds: Sendable {}

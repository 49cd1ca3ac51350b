import RelayCore
import RelayStoring

/// Finds which events replays have sent where. Their deliveries stand elsewhere than those that came with the events, so that no
/// run knows of them. Confined to the thread of its connection.
///
/// A test asserts each statement's plan.
final class ReplayedEvents {
  /// Deliveries that stand so near to each other are read with what is between them.
  private static let near: Int64 = 16
  /// Of one part; where there are more, each event is sooner asked itself.
  private static let maxInPart = 20_000

  private let replayedEvents: Statement
  private let replayedDeliveries: Statement
  private let deliveriesBetween: Statement

  init(_ connection: Connection) throws(StoreError) {
    replayedEvents = try connection.prepare(
      "SELECT event FROM replayed WHERE event >= ?1 AND event < ?2 LIMIT 1")
    replayedDeliveries = try connection.prepare(
      "SELECT delivery FROM replayed WHERE event >= ?1 AND event < ?2 LIMIT ?3")
    deliveriesBetween = try connection.prepare(
      "SELECT event, destination, state FROM delivery WHERE id >= ?1 AND id <= ?2")
  }

  /// Whether an event of these rows has been replayed.
  func exist(in rows: Range<Int64>) throws(StoreError) -> Bool {
    replayedEvents.bind(1, rows)
    return try replayedEvents.firstInteger() != nil
  }

  /// The events of these rows that a replay has sent to one of these destinations; nil: there are too many.
  ///
  /// - Parameter outcomes: Of those deliveries; empty: whatever became of them.
  func events(
    in rows: Range<Int64>, to destinations: Set<DestinationRowID>, _ outcomes: Set<EventOutcome>
  ) throws(StoreError) -> Set<Int64>? {
    guard let deliveries = try deliveries(of: rows) else { return nil }
    var found: Set<Int64> = []
    var next = 0
    while next < deliveries.count {
      let first = deliveries[next]
      while next + 1 < deliveries.count, deliveries[next + 1] - deliveries[next] <= Self.near { next += 1 }
      try read(first...deliveries[next]) { event, destination, state in
        guard rows.contains(event), destinations.contains(destination) else { return }
        if outcomes.isEmpty || outcomes.contains(EventOutcome(state)) { found.insert(event) }
      }
      next += 1
    }
    return found
  }

  /// Rising.
  private func deliveries(of rows: Range<Int64>) throws(StoreError) -> [Int64]? {
    let query = replayedDeliveries
    query.bind(1, rows)
    query.bind(3, Self.maxInPart + 1)
    defer { query.reset() }
    var found: [Int64] = []
    while try query.step() { found.append(query.integer(0)) }
    return found.count <= Self.maxInPart ? found.sorted() : nil
  }

  private func read(
    _ deliveries: ClosedRange<Int64>, _ body: (Int64, DestinationRowID, DeliveryState) -> Void
  ) throws(StoreError) {
    let query = deliveriesBetween
    query.bind(1, deliveries.lowerBound)
    query.bind(2, deliveries.upperBound)
    defer { query.reset() }
    while try query.step() {
      guard let state = DeliveryState(stored: query.integer(2)) else { continue }
      body(query.integer(0), query.row(1), state)
    }
  }
}

@available(*, unavailable)
extension ReplayedEvents: Sendable {}

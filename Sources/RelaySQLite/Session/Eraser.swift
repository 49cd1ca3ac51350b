import RelayCore
import RelayStoring

/// Removes what events say, within a transaction that overwrites what it frees. Confined to the store's thread.
final class Eraser {
  enum Outcome {
    case erased
    /// A delivery of it is pending or dead.
    case left
    /// It was erased before, or the store does not have it.
    case nothing
  }

  private let search: EventSearch
  private let cache: EventCache<EventRowID>
  private let statements: EraseStatements

  init(_ connection: Connection, cache: EventCache<EventRowID>) throws(StoreError) {
    search = try EventSearch(connection)
    self.cache = cache
    statements = try EraseStatements(connection)
  }

  func erase(_ id: EventID, at now: Timestamp) throws(StoreError) -> Outcome {
    guard let event = try search.row(of: id), try !statements.isErased(event) else { return .nothing }
    let deliveries = try statements.deliveries(of: event)
    guard deliveries.allSatisfy({ $0.state == .delivered || $0.state == .discarded }) else { return .left }
    for delivery in deliveries { try statements.removeAnswers(of: delivery.id) }
    try statements.erase(event, at: now)
    cache.remove(event)
    return .erased
  }
}

@available(*, unavailable)
extension Eraser: Sendable {}

/// What an erasure reads and writes. A test asserts each one's plan.
final class EraseStatements {
  private let erasedAt: Statement
  private let deliveriesOfEvent: Statement
  private let replaysOfEvent: Statement
  private let eraseEvent: Statement
  private let eraseAnswers: Statement

  init(_ connection: Connection) throws(StoreError) {
    erasedAt = try connection.prepare(
      "SELECT CASE WHEN length(body) = 0 THEN erased END FROM event WHERE id = ?1")
    deliveriesOfEvent = try connection.prepare(
      """
      SELECT d.id, d.state FROM event e
      CROSS JOIN delivery d ON d.id >= e.first_delivery AND d.id < e.first_delivery + e.deliveries WHERE e.id = ?1
      """)
    replaysOfEvent = try connection.prepare(
      "SELECT d.id, d.state FROM replayed r CROSS JOIN delivery d ON d.id = r.delivery WHERE r.event = ?1")
    eraseEvent = try connection.prepare("UPDATE event SET body = x'', erased = ?2 WHERE id = ?1")
    eraseAnswers = try connection.prepare(
      "UPDATE failure SET answer = NULL, request_headers = NULL, answer_headers = NULL WHERE delivery = ?1")
  }

  func isErased(_ event: EventRowID) throws(StoreError) -> Bool {
    erasedAt.bind(1, event)
    return try erasedAt.firstInteger() != nil
  }

  /// All of them, those of replays too, with their states; nil for one that only a later version knows.
  func deliveries(of event: EventRowID) throws(StoreError) -> [(id: DeliveryID, state: DeliveryState?)] {
    var deliveries: [(DeliveryID, DeliveryState?)] = []
    for query in [deliveriesOfEvent, replaysOfEvent] {
      query.bind(1, event)
      defer { query.reset() }
      while try query.step() {
        deliveries.append((query.deliveryID(0), DeliveryState(stored: query.integer(1))))
      }
    }
    return deliveries
  }

  func erase(_ event: EventRowID, at now: Timestamp) throws(StoreError) {
    eraseEvent.bind(1, event)
    eraseEvent.bind(2, now)
    try eraseEvent.run()
  }

  /// What was answered to its attempts may repeat what was sent; the headers go with it.
  func removeAnswers(of delivery: DeliveryID) throws(StoreError) {
    eraseAnswers.bind(1, delivery)
    try eraseAnswers.run()
  }
}

@available(*, unavailable)
extension EraseStatements: Sendable {}

import RelayCore
import RelayStoring

/// What persons' wishes and a changed order take: pages of deliveries, and what is to be known and done of each.
///
/// Pages are read whole before anything of them is changed, and each begins after the last one's end: what they cost
/// does not depend on how much there is.
final class ChangeStatements {
  /// Which deliveries of a destination a walk goes along.
  enum Walk {
    case pending
    case dead
    /// Both.
    case open
    /// What replays have queued, and is pending.
    case replays
  }

  private let pendingPage: Statement
  private let deadPage: Statement
  private let openPage: Statement
  private let replaysPage: Statement
  private let allPage: Statement
  private let deliveryForChange: Statement
  private let setOrder: Statement
  private let retry: Statement
  private let discard: Statement

  init(_ connection: Connection) throws(StoreError) {
    let pending: [DeliveryState] = [.fresh, .retrying, .waiting]
    let (live, replays) = (Self.pages(pending, in: .live), Self.pages(pending, in: .replay))
    let dead = Self.pages([.dead], in: .live)
    pendingPage = try connection.prepare(Self.merged(live + replays))
    deadPage = try connection.prepare(Self.merged(dead))
    openPage = try connection.prepare(Self.merged(live + replays + dead))
    replaysPage = try connection.prepare(Self.merged(replays))
    // Discarded ones stand in no index.
    allPage = try connection.prepare(
      """
      SELECT id, destination, state, reason FROM delivery WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3
      """)
    deliveryForChange = try connection.prepare(
      """
      SELECT d.destination, d.state, d.due, d.bytes, d.order_key, e.type, e.chat, v.source, v.received, d.reason,
        d.run, length(e.body), d.last_at IS NOT NULL, d.last_status
      FROM delivery d JOIN event e ON e.id = d.event JOIN envelope v ON v.id = e.envelope
      WHERE d.id = ?1
      """)
    setOrder = try connection.prepare("UPDATE delivery SET order_key = ?2, state = ?3 WHERE id = ?1")
    retry = try connection.prepare(
      """
      UPDATE delivery SET state = ?2, due = ?3, since = ?4, order_key = ?5, counted = 0, settled = NULL,
        reason = NULL, revisit = NULL
      WHERE id = ?1
      """)
    discard = try connection.prepare(
      """
      UPDATE delivery SET state = 5, due = NULL, settled = ?2, revisit = ?3, reason = ?4 WHERE id = ?1
      """)
  }

  /// One query for each state.
  private static func pages(_ states: [DeliveryState], in queue: DeliveryQueue) -> [String] {
    // Named, since of retrying ones there are two, and only this one has them in order of arrival.
    return states.map {
      """
      SELECT id FROM delivery INDEXED BY delivery_listed
      WHERE destination = ?1 AND state = \($0.stored(in: queue)) AND id > ?2 AND id <= ?3
      """
    }
  }

  /// In order of arrival.
  private static func merged(_ pages: [String]) -> String {
    pages.joined(separator: " UNION ALL ") + " ORDER BY id LIMIT ?4"
  }

  // MARK: Walks

  /// The next deliveries of a walk, in order of arrival.
  func page(
    _ walk: Walk, of destination: DestinationRowID, after: DeliveryID, upTo end: DeliveryID, limit: Int
  ) throws(StoreError) -> [DeliveryID] {
    let query = statement(of: walk)
    query.bind(1, destination)
    query.bind(2, after)
    query.bind(3, end)
    query.bind(4, limit)
    var deliveries: [DeliveryID] = []
    while try query.step() { deliveries.append(query.deliveryID(0)) }
    return deliveries
  }

  private func statement(of walk: Walk) -> Statement {
    switch walk {
    case .pending: pendingPage
    case .dead: deadPage
    case .open: openPage
    case .replays: replaysPage
    }
  }

  /// The next deliveries of a walk along all there are, of which those are meant that this destination has in this state.
  ///
  /// - Returns: With the last one that was looked at; nil: the walk has come to its end.
  func settledPage(
    _ state: DeliveryFilter.State, of destination: DestinationRowID, after: DeliveryID, upTo end: DeliveryID,
    limit: Int
  ) throws(StoreError) -> (deliveries: [DeliveryID], last: DeliveryID?) {
    allPage.bind(1, after)
    allPage.bind(2, end)
    allPage.bind(3, limit)
    var deliveries: [DeliveryID] = []
    var (seen, last) = (0, after)
    while try allPage.step() {
      seen += 1
      last = allPage.deliveryID(0)
      guard allPage.row(1) == destination, let stored = DeliveryState(stored: allPage.integer(2)),
        state.holds(stored, discarded: Self.discardReason(allPage, 3))
      else { continue }
      deliveries.append(last)
    }
    return (deliveries, seen < limit ? nil : last)
  }

  private static func discardReason(_ row: Statement, _ column: Int32) -> DiscardReason? {
    row.optionalInteger(column).flatMap { DiscardReason(rawValue: Int($0)) }
  }

  // MARK: One delivery

  /// - Parameter source: Gives a source's name.
  func delivery(
    _ id: DeliveryID, source: (SourceRowID) -> String
  ) throws(StoreError) -> ChangeableDelivery? {
    let query = deliveryForChange
    query.bind(1, id)
    guard try query.step() else { return nil }
    defer { query.reset() }
    return ChangeableDelivery(
      id: id, destination: query.row(0), state: DeliveryState(stored: query.integer(1))!,
      discardReason: Self.discardReason(query, 9), due: query.optionalTime(2), bytes: Int(query.integer(3)),
      orderKey: query.text(4), type: query.text(5)!, chat: query.text(6), source: source(query.row(7)),
      receivedAt: query.time(8), run: Int(query.integer(10)), hasBody: query.integer(11) > 0,
      deathReason: query.optionalInteger(9).flatMap { DeathReason(rawValue: Int($0)) },
      wasAttempted: query.integer(12) != 0, lastStatus: query.optionalInteger(13).map { Int($0) })
  }

  func setOrder(
    _ key: String?, _ state: DeliveryState, of delivery: DeliveryID, in queue: DeliveryQueue
  ) throws(StoreError) {
    setOrder.bind(1, delivery)
    setOrder.bind(2, key)
    setOrder.bind(3, state.stored(in: queue))
    try setOrder.run()
  }

  /// - Parameter since: By the destination's service time.
  func retry(
    _ delivery: DeliveryID, as state: DeliveryState, in queue: DeliveryQueue, due: Timestamp,
    since: Timestamp, orderKey: String?
  ) throws(StoreError) {
    retry.bind(1, delivery)
    retry.bind(2, state.stored(in: queue))
    retry.bind(3, due)
    retry.bind(4, since)
    retry.bind(5, orderKey)
    try retry.run()
  }

  func discard(
    _ delivery: DeliveryID, settledAt now: Timestamp, _ reason: DiscardReason, revisit: Timestamp?
  ) throws(StoreError) {
    discard.bind(1, delivery)
    discard.bind(2, now)
    discard.bind(3, revisit)
    discard.bind(4, reason.rawValue)
    try discard.run()
  }
}

@available(*, unavailable)
extension ChangeStatements: Sendable {}

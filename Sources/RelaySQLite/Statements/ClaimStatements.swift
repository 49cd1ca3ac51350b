import RelayCore
import RelayStoring

/// What finds the deliveries that can be claimed, and what lists those that are in no index.
///
/// Partial indexes serve only literals: a state is written out, never bound.
final class ClaimStatements {
  private let freshDeliveries: Statement
  private let retryingDeliveries: Statement
  private let nextDue: Statement
  private let bringIn: Statement
  private let freshReplays: Statement
  private let retryingReplays: Statement
  private let nextReplayDue: Statement
  private let bringInReplays: Statement
  private let followers: Statement
  private let list: Statement
  private let listRange: Statement
  private let setUnlisted: Statement
  private let unlistedDeliveries: Statement
  private let connection: Connection

  init(_ connection: Connection) throws(StoreError) {
    self.connection = connection
    freshDeliveries = try Self.fresh(in: .live, connection)
    retryingDeliveries = try Self.retrying(in: .live, connection)
    nextDue = try Self.nextDue(in: .live, connection)
    bringIn = try Self.bringIn(in: .live, connection)
    freshReplays = try Self.fresh(in: .replay, connection)
    retryingReplays = try Self.retrying(in: .replay, connection)
    nextReplayDue = try Self.nextDue(in: .replay, connection)
    bringInReplays = try Self.bringIn(in: .replay, connection)
    followers = try connection.prepare(
      """
      SELECT id, due FROM delivery WHERE destination = ?1 AND order_key = ?2 AND state < 3 AND id > ?3
      ORDER BY id LIMIT ?4
      """)
    list = try connection.prepare("UPDATE delivery SET state = 0 WHERE id = ?1 AND state = -1")
    listRange = try connection.prepare(
      "UPDATE delivery SET state = 0 WHERE id >= ?1 AND id < ?2 AND state = -1 RETURNING id")
    setUnlisted = try connection.prepare("UPDATE unlisted SET first = ?1")
    unlistedDeliveries = try connection.prepare(
      """
      SELECT id, destination, bytes FROM delivery
      WHERE id >= (SELECT first FROM unlisted) AND state = -1 ORDER BY id
      """)
  }

  // MARK: Of either queue

  private static func fresh(
    in queue: DeliveryQueue, _ connection: Connection
  ) throws(StoreError) -> Statement {
    let state = DeliveryState.fresh.stored(in: queue)
    return try connection.prepare(
      "SELECT id FROM delivery WHERE destination = ?1 AND state = \(state) AND id >= ?2 ORDER BY id")
  }

  private static func retrying(
    in queue: DeliveryQueue, _ connection: Connection
  ) throws(StoreError) -> Statement {
    let state = DeliveryState.retrying.stored(in: queue)
    return try connection.prepare(
      "SELECT id FROM delivery WHERE destination = ?1 AND state = \(state) AND due <= ?2 ORDER BY due, id")
  }

  private static func nextDue(
    in queue: DeliveryQueue, _ connection: Connection
  ) throws(StoreError) -> Statement {
    let state = DeliveryState.retrying.stored(in: queue)
    return try connection.prepare(
      "SELECT due, id FROM delivery WHERE destination = ?1 AND state = \(state) AND due > ?2 ORDER BY due, id"
    )
  }

  private static func bringIn(
    in queue: DeliveryQueue, _ connection: Connection
  ) throws(StoreError) -> Statement {
    let state = DeliveryState.retrying.stored(in: queue)
    return try connection.prepare(
      """
      UPDATE delivery SET due = ?2 WHERE id IN (
        SELECT id FROM delivery WHERE destination = ?1 AND state = \(state) AND due > ?2 ORDER BY due, id LIMIT ?3)
      """)
  }

  // MARK: Claims

  /// In order of arrival.
  func freshDeliveries(
    of destination: DestinationRowID, _ queue: DeliveryQueue, from first: DeliveryID
  ) -> DeliveryWalk {
    let query = queue == .live ? freshDeliveries : freshReplays
    query.bind(1, destination)
    query.bind(2, first)
    return DeliveryWalk(query)
  }

  /// Those that are due then, in order of due time.
  func retryingDeliveries(
    of destination: DestinationRowID, _ queue: DeliveryQueue, dueBy now: Timestamp
  ) -> DeliveryWalk {
    let query = queue == .live ? retryingDeliveries : retryingReplays
    query.bind(1, destination)
    query.bind(2, now)
    return DeliveryWalk(query)
  }

  /// When the first retry that falls due after that time, and is nobody's, does so.
  func nextDue(
    of destination: DestinationRowID, _ queue: DeliveryQueue, after now: Timestamp,
    isClaimed: (DeliveryID) -> Bool
  ) throws(StoreError) -> Timestamp? {
    let query = queue == .live ? nextDue : nextReplayDue
    query.bind(1, destination)
    query.bind(2, now)
    defer { query.reset() }
    while try query.step() {
      // A store that another clock has left may have claimed ones in the future.
      if !isClaimed(query.deliveryID(1)) { return query.time(0) }
    }
    return nil
  }

  /// Retries that are due later than that become due then.
  ///
  /// - Returns: How many there were, at most `limit`.
  func bringIn(_ destination: DestinationRowID, to latest: Timestamp, limit: Int) throws(StoreError) -> Int {
    var count = 0
    for update in [bringIn, bringInReplays] where count < limit {
      update.bind(1, destination)
      update.bind(2, latest)
      update.bind(3, limit - count)
      try update.run()
      count += connection.changes
    }
    return count
  }

  /// What comes after a pending delivery in its order key and is due, without a gap.
  ///
  /// - Parameter limit: How many at most.
  func followers(
    of delivery: DeliveryID, in key: OrderKey, dueBy now: Timestamp, limit: Int
  ) throws(StoreError) -> [DeliveryID] {
    followers.bind(1, key.destination)
    followers.bind(2, key.text)
    followers.bind(3, delivery)
    followers.bind(4, limit)
    defer { followers.reset() }
    var found: [DeliveryID] = []
    while try followers.step() {
      if let due = followers.optionalTime(1), due > now { break }
      found.append(followers.deliveryID(0))
    }
    return found
  }

  // MARK: Listing

  func list(_ delivery: DeliveryID) throws(StoreError) {
    list.bind(1, delivery)
    try list.run()
  }

  /// Lists all from `first` to before `end`.
  ///
  /// - Parameter listed: Called for each, in no order.
  func list(
    from first: DeliveryID, to end: DeliveryID, listed: (DeliveryID) -> Void
  ) throws(StoreError) {
    listRange.bind(1, first)
    listRange.bind(2, end)
    while try listRange.step() { listed(listRange.deliveryID(0)) }
  }

  /// No delivery before that one is unlisted any more.
  func setFirstUnlisted(_ delivery: DeliveryID) throws(StoreError) {
    setUnlisted.bind(1, delivery)
    try setUnlisted.run()
  }

  func firstUnlisted() throws(StoreError) -> DeliveryID {
    DeliveryID(rawValue: try connection.integer("SELECT first FROM unlisted") ?? 0)
  }

  /// All that are unlisted, in order of arrival.
  func forEachUnlisted(
    _ body: (DeliveryID, _ destination: DestinationRowID, _ bytes: Int) -> Void
  ) throws(StoreError) {
    while try unlistedDeliveries.step() {
      body(
        unlistedDeliveries.deliveryID(0), unlistedDeliveries.row(1), Int(unlistedDeliveries.integer(2)))
    }
  }

  // MARK: Cost

  /// How much work claims have been since this was last asked: steps of SQLite's virtual machine.
  func takeSteps() -> Int {
    [freshDeliveries, retryingDeliveries, nextDue, freshReplays, retryingReplays, nextReplayDue, followers]
      .reduce(0) { $0 + $1.takeSteps() }
  }
}

@available(*, unavailable)
extension ClaimStatements: Sendable {}

/// The deliveries that a query finds, one after another. Only one walk of a query can be under way: `end` it.
struct DeliveryWalk {
  private let query: Statement

  fileprivate init(_ query: Statement) { self.query = query }

  func next() throws(StoreError) -> DeliveryID? { try query.step() ? query.deliveryID(0) : nil }

  func end() { query.reset() }
}

@available(*, unavailable)
extension DeliveryWalk: Sendable {}

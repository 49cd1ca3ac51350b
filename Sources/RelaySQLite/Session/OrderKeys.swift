import RelayCore
import RelayStoring

/// The first pending delivery of an order key.
struct KeyHead: Equatable {
  var id: DeliveryID
  var state: DeliveryState
  var due: Timestamp?
}

/// Whose turn it is by each order key, within a transaction. Confined to the store's thread.
///
/// As the tables have it after every transaction: of the pending deliveries of one order key the one with the lowest id is
/// fresh or retrying, all others are waiting, whoever is claimed. So a crash leaves nothing to be put right. That a key's
/// first is not handed out while another of it is claimed (it was in flight when a person put an earlier one back, or when
/// the order was changed) is known in memory alone, to `Claims`. docs/decisions/0006-order-in-the-store.md says why.
final class OrderKeys {
  private let claims: Claims
  private let headOfKey: Statement
  private let setState: Statement

  init(_ connection: Connection, claims: Claims) throws(StoreError) {
    self.claims = claims
    headOfKey = try connection.prepare(
      """
      SELECT id, state, due FROM delivery WHERE destination = ?1 AND order_key = ?2 AND state < 3
      ORDER BY id LIMIT 1
      """)
    setState = try connection.prepare("UPDATE delivery SET state = ?2 WHERE id = ?1")
  }

  func head(of key: OrderKey) throws(StoreError) -> KeyHead? {
    headOfKey.bind(1, key.destination)
    headOfKey.bind(2, key.text)
    guard try headOfKey.step() else { return nil }
    defer { headOfKey.reset() }
    return KeyHead(
      id: headOfKey.deliveryID(0), state: DeliveryState(stored: headOfKey.integer(1))!,
      due: headOfKey.optionalTime(2))
  }

  /// Lets the key's first be attempted: the one before it has been settled.
  ///
  /// - Returns: It, if there is one.
  @discardableResult
  func promote(_ key: OrderKey) throws(StoreError) -> KeyHead? {
    guard var head = try head(of: key) else { return nil }
    guard head.state == .waiting else { return head }
    head.state = .attemptable(due: head.due)
    if head.state == .fresh { claims.becameClaimable(head.id, of: key.destination, key.queue) }
    try setState(head.state, of: head.id, in: key.queue)
    return head
  }

  func setState(
    _ state: DeliveryState, of delivery: DeliveryID, in queue: DeliveryQueue
  ) throws(StoreError) {
    setState.bind(1, delivery)
    setState.bind(2, state.stored(in: queue))
    try setState.run()
  }

  /// How much work looking for firsts has been since this was last asked: steps of SQLite's virtual machine.
  func takeSteps() -> Int { headOfKey.takeSteps() }
}

@available(*, unavailable)
extension OrderKeys: Sendable {}

extension DeliveryState {
  /// The state of one whose turn it is: only those that were attempted, or that a person put back, have a due time.
  static func attemptable(due: Timestamp?) -> DeliveryState { due == nil ? .fresh : .retrying }
}

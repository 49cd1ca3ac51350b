import RelayCore
import RelayStoring

/// What persons and a new order change of deliveries, within a transaction. Confined to the store's thread.
///
/// Nobody but its lane holds what is in flight, and the destination hands out nothing meanwhile:
/// docs/decisions/0007-quiet-lanes.md says why.
final class DeliveryChanges {
  private let names: NameTable
  private let destinations: DestinationTable
  private let claims: Claims
  private let keys: OrderKeys
  private let walked: WalkedDeliveries
  private let replays: ReplayTable
  private let statements: ChangeStatements

  init(
    _ connection: Connection, names: NameTable, destinations: DestinationTable, claims: Claims,
    keys: OrderKeys, walked: WalkedDeliveries, replays: ReplayTable
  ) throws(StoreError) {
    self.replays = replays
    self.names = names
    self.destinations = destinations
    self.claims = claims
    self.keys = keys
    self.walked = walked
    statements = try ChangeStatements(connection)
  }

  // MARK: Finding

  /// The next deliveries of a walk, in order of arrival.
  func page(
    _ walk: ChangeStatements.Walk, of destination: DestinationRowID, after: DeliveryID,
    upTo end: DeliveryID, limit: Int
  ) throws(StoreError) -> [DeliveryID] {
    try statements.page(walk, of: destination, after: after, upTo: end, limit: limit)
  }

  /// The same for what is delivered or discarded, which is found by looking at all there is.
  ///
  /// - Returns: With the last one that was looked at; nil: the walk has come to its end.
  func settledPage(
    _ state: DeliveryFilter.State, of destination: DestinationRowID, after: DeliveryID, upTo end: DeliveryID,
    limit: Int
  ) throws(StoreError) -> (deliveries: [DeliveryID], last: DeliveryID?) {
    try statements.settledPage(state, of: destination, after: after, upTo: end, limit: limit)
  }

  /// nil: it, its event or its envelope is missing.
  func changeable(_ delivery: DeliveryID) throws(StoreError) -> ChangeableDelivery? {
    try statements.delivery(delivery) { names.sources.name(of: $0) }
  }

  func destinationName(of delivery: ChangeableDelivery) -> String {
    names.destinations.name(of: delivery.destination)
  }

  // MARK: Changing

  /// A dead or discarded one becomes pending, at the place where it was. By the present order: it may have changed
  /// since.
  func retry(_ delivery: ChangeableDelivery, at time: Timestamp) throws(StoreError) {
    let key = delivery.key(by: destinations.ordering(of: delivery.destination))
    var state = DeliveryState.retrying
    if let key, let head = try keys.head(of: key) {
      if head.id < delivery.id {
        state = .waiting
      } else {
        try keys.setState(.waiting, of: head.id, in: key.queue)
      }
    }
    try statements.retry(
      delivery.id, as: state, in: delivery.queue, due: time,
      since: destinations.serviceTime(of: delivery.destination, at: time), orderKey: key?.text)
    destinations.change(delivery.destination) {
      let reason = delivery.state == .discarded ? delivery.discardReason ?? .person : nil
      $0.retried(of: delivery.queue, discarded: reason, bytes: delivery.bytes)
    }
    guard delivery.run != 0 else { return }
    try replays.change(delivery.run) { $0.retried(wasDead: delivery.state == .dead) }
  }

  /// A pending or dead one is given up. What comes after it in its order is for the caller to promote.
  func discard(
    _ delivery: ChangeableDelivery, at time: Timestamp, _ reason: DiscardReason = .person
  ) throws(StoreError) {
    let revisit = walked.revisit(
      delivery.id, of: delivery.queue, received: delivery.receivedAt, settledAt: time)
    try statements.discard(delivery.id, settledAt: time, reason, revisit: revisit)
    destinations.change(delivery.destination) {
      $0.gaveUp(delivery.queue, wasDead: delivery.state == .dead, bytes: delivery.bytes)
    }
    guard delivery.run != 0 else { return }
    try replays.change(delivery.run) { $0.gaveUp(wasDead: delivery.state == .dead) }
  }

  /// Gives a pending one its key, and its place among those that come before it and have theirs.
  func reorder(_ delivery: ChangeableDelivery, by ordering: Ordering) throws(StoreError) {
    let key = delivery.key(by: ordering)
    let waits =
      try key.flatMap { key throws(StoreError) in try keys.head(of: key) }.map { $0.id < delivery.id }
    let state = waits == true ? .waiting : DeliveryState.attemptable(due: delivery.due)
    guard key?.text != delivery.orderKey || state != delivery.state else { return }
    try statements.setOrder(key?.text, state, of: delivery.id, in: delivery.queue)
    if state == .fresh { claims.becameClaimable(delivery.id, of: delivery.destination, delivery.queue) }
    claims.setOrderKey(key?.text, of: delivery.id)
  }
}

@available(*, unavailable)
extension DeliveryChanges: Sendable {}

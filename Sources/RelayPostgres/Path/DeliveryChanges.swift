import RelayCore
import RelayStoring

/// What persons and a new order change of deliveries. Confined to the store's thread.
///
/// Nobody but its lane holds what is in flight, and the destination hands out nothing meanwhile:
/// docs/decisions/0007-quiet-lanes.md says why.
final class DeliveryChanges {
  private let names: NameTable
  private let destinations: DestinationTable
  private let claims: Claims
  private let replays: ReplayTable
  private let statements: ChangeStatements
  private let keys: KeyStatements
  private let connection: StoreConnection

  init(
    _ tables: TableNames, names: NameTable, destinations: DestinationTable, claims: Claims,
    keys: KeyStatements,
    replays: ReplayTable, _ connection: StoreConnection
  ) {
    self.names = names
    self.destinations = destinations
    self.claims = claims
    self.keys = keys
    self.replays = replays
    self.connection = connection
    statements = ChangeStatements(tables)
  }

  // MARK: Finding

  /// The next deliveries of some shelves, in order of arrival.
  func page(
    _ shelves: [Int16], of destination: DestinationRowID, after: DeliveryID, upTo end: DeliveryID, limit: Int
  ) throws(StoreError) -> [ChangeableDelivery] {
    try statements.page(
      shelves, of: destination, after: after, upTo: end, limit: limit,
      source: { names.source(of: $0) }, connection)
  }

  /// In order of arrival; those that there are.
  func deliveries(_ ids: [DeliveryID]) throws(StoreError) -> [ChangeableDelivery] {
    try statements.deliveries(ids, source: { names.source(of: $0) }, connection)
  }

  // MARK: Changing

  /// A dead or discarded one is to become pending.
  func countRetried(_ delivery: ChangeableDelivery) {
    let reason = delivery.state == .discarded ? delivery.discardReason ?? .person : nil
    destinations.change(delivery.destination) {
      $0.retried(of: delivery.queue, discarded: reason, bytes: delivery.bytes)
    }
    if delivery.run != 0 { replays.retried(delivery.run, wasDead: reason == nil) }
  }

  /// Dead or discarded ones of a destination become pending, at the places where they were. By the present order: it may have changed
  /// since.
  func retry(
    _ deliveries: [ChangeableDelivery], of destination: DestinationRowID, at time: Timestamp,
    in commit: PendingCommit
  ) {
    guard !deliveries.isEmpty else { return }
    let ordering = destinations.ordering(of: destination)
    let keyed = deliveries.map { (id: $0.id, key: $0.key(by: ordering)) }
    statements.retry(
      keyed, due: time, since: destinations.serviceTime(of: destination, at: time), in: commit)
    promote(Set(keyed.compactMap(\.key)), in: commit)
  }

  /// Pending or dead ones are given up, and what comes after them in their order takes its turn.
  func discard(
    _ deliveries: [ChangeableDelivery], _ reason: DiscardReason, in commit: PendingCommit
  ) {
    for delivery in deliveries {
      destinations.change(delivery.destination) {
        $0.gaveUp(delivery.queue, wasDead: delivery.state == .dead, bytes: delivery.bytes)
      }
      if delivery.run != 0 { replays.gaveUp(delivery.run, wasDead: delivery.state == .dead) }
    }
    statements.discard(deliveries.map(\.id), reason, in: commit)
    promote(Set(deliveries.compactMap(\.presentKey)), in: commit)
  }

  /// Gives pending ones of a destination their keys, and their places among those that come before them and have theirs.
  func reorder(
    _ deliveries: [ChangeableDelivery], of destination: DestinationRowID, by ordering: Ordering,
    in commit: PendingCommit
  ) {
    guard !deliveries.isEmpty else { return }
    var seen: Set<OrderKey> = []
    let keyed = deliveries.map { delivery in
      let key = delivery.key(by: ordering)
      let follows = key.map { !seen.insert($0).inserted } ?? false
      return (id: delivery.id, key: key, follows: follows, due: delivery.due)
    }
    statements.reorder(keyed, of: destination, in: commit) {
      self.claims.becameClaimable($0, of: destination, $1)
    }
    for (id, key, _, _) in keyed { claims.setOrderKey(key?.text, of: id) }
  }

  private func promote(_ keys: Set<OrderKey>, in commit: PendingCommit) {
    guard !keys.isEmpty else { return }
    self.keys.promote(keys, in: commit) { self.claims.becameClaimable($0, of: $1, $2) }
  }
}

@available(*, unavailable)
extension DeliveryChanges: Sendable {}

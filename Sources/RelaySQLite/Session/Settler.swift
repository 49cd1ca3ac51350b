import RelayCore
import RelayStoring

/// Records what attempts came to, within a transaction, and finds whose turn it has become. Confined to the store's thread.
final class Settler {
  private let destinations: DestinationTable
  private let claims: Claims
  private let keys: OrderKeys
  private let walked: WalkedDeliveries
  private let replays: ReplayTable
  private let statements: SettleStatements

  init(
    _ connection: Connection, destinations: DestinationTable, claims: Claims, keys: OrderKeys,
    walked: WalkedDeliveries, replays: ReplayTable
  ) throws(StoreError) {
    self.replays = replays
    self.destinations = destinations
    self.claims = claims
    self.keys = keys
    self.walked = walked
    statements = try SettleStatements(connection)
  }

  /// Leaves a delivery alone that is no longer pending.
  ///
  /// - Returns: The delivery of its order key whose turn it has become, claimed, and as many of those after it as may go with it.
  func settle(_ settlement: Settlement, settledAt now: Timestamp) throws(StoreError) -> Delivery? {
    let delivery = settlement.delivery
    var known = claims.take(delivery)
    if known == nil { known = try statements.pending(delivery) }
    guard let claim = known else { return nil }
    let key = claim.key
    var state = settlement.outcome.state
    if state == .retrying, let key, try keys.head(of: key)?.id != delivery { state = .waiting }
    guard try write(settlement, state, of: claim, settledAt: now) else { return nil }
    if !settlement.attempt.isSuccess { try statements.insertFailure(settlement) }
    if !state.isPending {
      destinations.change(claim.destination) {
        $0.settled(settlement.outcome, of: claim.queue, bytes: claim.bytes)
      }
      if claim.run != 0 { try replays.change(claim.run) { $0.settled(settlement.outcome) } }
    }
    guard let key, state != .retrying, let head = try keys.promote(key) else { return nil }
    return try claims.claim(head, of: key, runLimit: settlement.runLimit, now: now)
  }

  /// - Returns: Whether it was pending.
  private func write(
    _ settlement: Settlement, _ state: DeliveryState, of claim: ClaimTable.Entry, settledAt now: Timestamp
  ) throws(StoreError) -> Bool {
    let revisit: Timestamp? =
      switch state {
      case .delivered:
        walked.revisit(settlement.delivery, of: claim.queue, received: claim.received, settledAt: now)
      // Dead letters are found by it in the order in which they died.
      case .dead: now
      case .fresh, .retrying, .waiting, .discarded: nil
      }
    if claim.isFresh, revisit == nil, settlement.isDeliveredAtOnce {
      return try statements.settleAtOnce(settlement, settledAt: now)
    }
    return try statements.settle(
      settlement, as: state, in: claim.queue, settledAt: now, revisit: revisit)
  }
}

@available(*, unavailable)
extension Settler: Sendable {}

import RelayCore
import RelayStoring

/// Clears up after a node that is over, whose slot this one has taken over: what it left in no index is listed, and then its lanes and replays
/// are nobody's. Done again by the next one where this one ends in the middle: no step minds what was done before. Confined to the store's
/// thread.
struct TakeOver {
  let holding: SlotHolding
  /// None before this one is unlisted.
  private var first: DeliveryID?

  private static let deliveriesPerStep = 1_000

  init(_ holding: SlotHolding) {
    self.holding = holding
  }

  private var slot: Int16 { Int16(holding.slot) }

  /// - Returns: Whether it was the last step.
  mutating func step(
    _ connection: StoreConnection, _ statements: SweepStatements, _ lanes: LaneStatements,
    _ replays: ReplayRunners
  ) throws(StoreError) -> Bool {
    // Another node has it, after this one's connection was lost.
    guard connection.clearsUp(holding) else { return true }
    let start =
      if let first { first } else { try statements.firstUnlisted(of: slot, connection) }
    if let start {
      let (last, count) = try statements.list(
        leftBy: slot, from: start, limit: Self.deliveriesPerStep, connection)
      first = last?.next ?? start
      guard count < Self.deliveriesPerStep else { return false }
    }
    var pipeline = Pipeline()
    statements.forgetUnlisted(of: slot, in: &pipeline)
    lanes.release(allOf: slot, in: &pipeline)
    replays.release(allOf: slot, in: &pipeline)
    _ = try connection.run(pipeline)
    try connection.giveBack(holding)
    return true
  }
}

@available(*, unavailable)
extension TakeOver: Sendable {}

import RelayCore

/// What the keeper works with. Confined to the store's thread.
final class KeeperTools {
  let pruner: Pruner
  let gauge: SizeGauge
  let vacuum: Vacuum
  private let transactions: Transactions
  private let walked: WalkedDeliveries

  init(
    _ connection: Connection, _ transactions: Transactions, walked: WalkedDeliveries
  ) throws(StoreError) {
    self.transactions = transactions
    self.walked = walked
    pruner = try Pruner(connection)
    gauge = try SizeGauge(connection)
    vacuum = try Vacuum(connection)
  }

  /// - Returns: Whether all that may go is gone, and how many events went.
  func prune(
    _ cutoffs: PruneCutoffs, _ budget: StepBudget
  ) throws(StoreError) -> (isDone: Bool, events: Int) {
    let position = pruner.position
    var left = budget
    do throws(StoreError) {
      let isDone = try transactions.run { () throws(StoreError) in try pruner.step(cutoffs, &left) }
      walked.reach(DeliveryID(rawValue: pruner.position.delivery))
      return (isDone, budget.events - left.events)
    } catch {
      pruner.position = position
      throw error
    }
  }

  /// - Returns: How many pages went back.
  func vacuum(_ budget: StepBudget) throws(StoreError) -> Int {
    try transactions.run { () throws(StoreError) in try vacuum.step(budget) }
  }
}

@available(*, unavailable)
extension KeeperTools: Sendable {}

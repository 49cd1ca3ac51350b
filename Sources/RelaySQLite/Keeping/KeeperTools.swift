import RelayCore

/// What the keeper works with. Confined to the store's thread.
final class KeeperTools {
  let pruner: Pruner
  let gauge: SizeGauge
  let vacuum: Vacuum
  private let connection: Connection
  private let walked: WalkedDeliveries

  init(_ connection: Connection, walked: WalkedDeliveries) throws(StoreError) {
    self.connection = connection
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
      let isDone = try transaction { () throws(StoreError) in try pruner.step(cutoffs, &left) }
      walked.reach(pruner.position.delivery)
      return (isDone, budget.events - left.events)
    } catch {
      pruner.position = position
      throw error
    }
  }

  /// - Returns: How many pages went back.
  func vacuum(_ budget: StepBudget) throws(StoreError) -> Int {
    try transaction { () throws(StoreError) in try vacuum.step(budget) }
  }

  private func transaction<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
    do throws(StoreError) {
      try connection.execute("BEGIN IMMEDIATE")
      let value = try body()
      try connection.execute("COMMIT")
      return value
    } catch {
      connection.rollBack()
      throw error
    }
  }
}

@available(*, unavailable)
extension KeeperTools: Sendable {}

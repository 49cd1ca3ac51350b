import RelayCore

/// Gives free pages back to the disk, in steps. Confined to the store's thread.
final class Vacuum {
  private let vacuum: Statement

  init(_ connection: Connection) throws(StoreError) {
    // It returns a row for each page.
    vacuum = try connection.prepare("PRAGMA incremental_vacuum(256)")
  }

  /// One step, within a transaction.
  ///
  /// - Returns: The pages that were given back. The file itself is cut at the next checkpoint.
  func step(_ budget: StepBudget) throws(StoreError) -> Int {
    var pages = 0
    defer { vacuum.reset() }
    while !budget.isSpent, try vacuum.step() { pages += 1 }
    return pages
  }
}

@available(*, unavailable)
extension Vacuum: Sendable {}

import RelayCore

/// Gives free pages back to the disk, in steps. Confined to the store's thread.
final class Vacuum {
  private let connection: Connection
  private let vacuum: Statement

  init(_ connection: Connection) throws(StoreError) {
    self.connection = connection
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

  /// Moves what is in the log to the file, and cuts the file to its length.
  ///
  /// - Parameter cutsLog: Gives the log's own space back too; else it is written over. A reader that is in the way is
  ///   not waited for.
  func checkpoint(cutsLog: Bool) throws(StoreError) {
    let timeout = try connection.integer("PRAGMA busy_timeout") ?? 0
    try connection.execute("PRAGMA busy_timeout = 0")
    defer { try? connection.execute("PRAGMA busy_timeout = \(timeout)") }
    try connection.execute("PRAGMA wal_checkpoint(\(cutsLog ? "TRUNCATE" : "PASSIVE"))")
  }
}

@available(*, unavailable)
extension Vacuum: Sendable {}

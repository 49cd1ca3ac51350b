import RelayCore
import RelayStoring

/// Writes with each transaction what it has changed of destinations, and lets their table succeed or fail with it. Confined to the
/// store's thread.
final class DestinationRows: TransactionMember {
  let table: DestinationTable
  private let statements: DestinationStatements

  /// Reads what earlier runs have left.
  init(_ connection: Connection, _ transactions: Transactions) throws(StoreError) {
    statements = try DestinationStatements(connection)
    table = DestinationTable(try statements.destinations())
    transactions.register(self)
  }

  /// Once per destination and transaction, however many deliveries it was.
  func prepare() throws(StoreError) {
    for change in table.changes { try statements.write(change.after, as: change.row) }
  }

  func commit() { table.commit() }

  func rollback() { table.rollback() }
}

@available(*, unavailable)
extension DestinationRows: Sendable {}

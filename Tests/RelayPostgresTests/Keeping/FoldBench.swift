import RelayCore
import RelayPostgresSupport
import RelayStoring
import RelayTestSupport

@testable import RelayPostgres

/// A database with a store's tables, nodes that commit changes of books, and who folds them.
final class FoldBench {
  let nodes: NodeBench

  init() throws {
    nodes = try NodeBench()
  }

  /// A node that commits.
  func session() throws -> StoreSession {
    let writer = try nodes.node()
    let session = try StoreSession(
      StoreConnection(writer, patience: NodeBench.limit), slot: Int16(writer.slot.slot),
      lastTick: writer.lastTick, clock: ManualClock(),
      duplicateLimit: 10)
    try session.register(.test)
    return session
  }

  /// Who folds.
  ///
  /// - Parameter address: nil: straight to the server.
  func folder(at address: ServerAddress? = nil) throws -> BookFolder {
    let mark = try nodes.rows("SELECT id FROM store")[0]
    let opener = try nodes.opener(address: address)
    return BookFolder(
      KeeperSession(
        connection: try opener.open(.keeping), key: StoreKey(id: mark.eventID(0)), limit: NodeBench.limit))
  }

  /// Every look at the books, whatever is folded.
  func books() throws -> [String: StoredDestination] {
    try Self.books(nodes.connection())
  }

  static func books(_ connection: PostgresConnection) throws -> [String: StoredDestination] {
    let rows = try connection.run(Self.statements.allBooks, within: NodeBench.limit)
    let books = rows.map { BookStatements.destination($0).1 }
    return Dictionary(uniqueKeysWithValues: books.map { ($0.name, $0) })
  }

  private static let statements = BookStatements(TableNames())

  /// What is in totals.
  func folded(_ destination: String) throws -> Int64? {
    try nodes.rows(
      "SELECT pending FROM book b JOIN destination d ON d.id = b.destination WHERE d.name = '\(destination)'"
    ).first?.integer(0)
  }

  /// How many rows each table has.
  func deltas() throws -> [Int64] {
    try TableNames().bookDeltas.map { try nodes.rows("SELECT count(*) FROM \($0)")[0].integer(0) }
  }
}

extension StoreSession {
  /// A commit that changes the books of two destinations, and leaves their sum as it is.
  func move(_ count: Int = 1) throws {
    try commit { _ in
      change("crm") { $0.pending += count }
      change("bi") { $0.pending -= count }
      return {}
    }
  }
}

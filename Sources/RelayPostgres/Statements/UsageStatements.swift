import RelayCore

/// What is asked of the store as a whole.
struct UsageStatements: Sendable {
  private let size: Statement
  private let highest: Statement

  init(_ names: TableNames) {
    size = Statement(
      name: "size",
      sql: """
        SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::int8 FROM pg_class
        WHERE relkind = 'r'
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = '\(names.event)'::regclass)
        """)
    highest = Statement(
      name: "highest_tick",
      sql: """
        SELECT greatest((SELECT coalesce(max(id), 0) >> 12 FROM \(names.delivery)), (SELECT max(last_tick) FROM node))
        """)
  }

  /// Of all tables and their indexes, in bytes.
  func size(_ connection: StoreConnection) throws(StoreError) -> Int {
    Int(try connection.read(size).first?.integer(0) ?? 0)
  }

  func size(_ session: KeeperSession) throws(PostgresError) -> Int {
    Int(try session.run(size).first?.integer(0) ?? 0)
  }

  /// The highest tick of a delivery, or that a node has told of: what a node gives is above it, also where the server's clock was set back
  /// since.
  func highestTick(_ connection: StoreConnection) throws(StoreError) -> Int64 {
    try connection.read(highest).first?.integer(0) ?? 0
  }
}

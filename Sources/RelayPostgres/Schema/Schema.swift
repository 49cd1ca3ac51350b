/// The store's tables, and how they came to be. All stand in one schema of the database, which every session of ours looks into first.
enum Schema {
  static let name = "huggy_relay"

  /// Each brings the store from the version before to the next one, in one transaction. One that was released never changes.
  static let migrations: [String] = [
    [
      NodeTables.sql, PathTables.sql(TableNames()), SharingTables.sql(TableNames()),
      MovingTable.sql(TableNames()),
    ].joined(separator: "\n")
  ]

  /// Of a store that this release works with.
  static var version: Int { migrations.count }
}

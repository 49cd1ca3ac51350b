/// What a node asks about the schema.
enum SchemaStatements {
  /// Whether there is a store. It reads the catalog's tables: `to_regclass` may answer from a session's memory, and not know what another
  /// session has just committed.
  static let hasStore = Statement(
    name: "has_store",
    sql: """
      SELECT EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '\(Schema.name)' AND c.relname = 'store' AND c.relkind = 'r')
      """)

  static let hasSchema = Statement(
    name: "has_schema", sql: "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = '\(Schema.name)')")

  /// Which store it is: its id and its version.
  static let mark = Statement(name: "store_mark", sql: "SELECT id, version FROM \(Schema.name).store")
}

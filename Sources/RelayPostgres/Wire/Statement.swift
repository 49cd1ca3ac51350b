/// A statement that a connection prepares with its first use, and then knows by its name.
///
/// Two with the same name are the same: the name stands for the text.
struct Statement: Hashable, Sendable {
  /// At most 63 bytes.
  let name: String
  let sql: String
  /// Of `$1`, `$2` … in order.
  let types: [ColumnType]

  init(name: String, sql: String, types: [ColumnType] = []) {
    self.name = name
    self.sql = sql
    self.types = types
  }

  static func == (a: Statement, b: Statement) -> Bool { a.name == b.name }
  func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

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

/// Statements that go to the server together: one round trip, one transaction.
struct Pipeline {
  private(set) var commands: [(statement: Statement, parameters: Parameters)] = []

  var isEmpty: Bool { commands.isEmpty }
  var count: Int { commands.count }

  mutating func add(_ statement: Statement, _ parameters: Parameters = Parameters(capacity: 0)) {
    precondition(
      statement.types == parameters.types,
      "\(statement.name) takes \(statement.types), and was given \(parameters.types)")
    commands.append((statement, parameters))
  }
}

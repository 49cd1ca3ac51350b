import RelayCore

/// The numbers that stand for names in rows, both ways.
struct MoveNames {
  /// Of one kind.
  struct Table {
    private(set) var rows: [String: Int32] = [:]
    private(set) var names: [Int32: String] = [:]
    /// In the order in which they came to be.
    private(set) var all: [String] = []

    init(_ rows: Rows) {
      for (row, name) in NameStatements.names(rows) {
        self.rows[name] = row
        names[row] = name
        all.append(name)
      }
    }
  }

  let sources: Table
  let destinations: Table
  let routes: Table
  let configurations: Table

  init(_ tables: TableNames, _ connection: PostgresConnection, within limit: Duration) throws(PostgresError) {
    var pipeline = Pipeline()
    for table in [tables.source, tables.destination, tables.route, tables.configuration] {
      NameStatements(table).readAll(in: &pipeline)
    }
    let rows = try connection.run(pipeline, within: limit)
    sources = Table(rows[0])
    destinations = Table(rows[1])
    routes = Table(rows[2])
    configurations = Table(rows[3])
  }

  /// - Returns: As an array's text, as the column takes it; nil: one of them is not known.
  func rows(ofRoutes names: [String]) -> String? {
    var rows: [String] = []
    for name in names {
      guard let row = routes.rows[name] else { return nil }
      rows.append(String(row))
    }
    return "{\(rows.joined(separator: ","))}"
  }
}

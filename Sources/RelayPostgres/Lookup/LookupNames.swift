import RelayCore

/// The names that numbers in rows stand for. They never change, so each is read once: what has come since with each snapshot. Confined to
/// its connection's thread.
final class LookupNames {
  /// One kind, by its numbers, which rise.
  struct Kind {
    private(set) var all: [(row: Int32, name: String)] = []
    private var names: [Int32: String] = [:]

    /// What this version's tables do not tell is shown by its number.
    func name(of row: Int32) -> String { names[row] ?? "#\(row)" }

    fileprivate mutating func add(_ rows: Rows) {
      for row in rows {
        let (number, name) = (row.int32(0), row.text(1))
        // A transaction that gave a lower number may have ended later.
        guard names.updateValue(name, forKey: number) == nil else { continue }
        all.append((number, name))
      }
    }
  }

  private(set) var sources = Kind()
  private(set) var destinations = Kind()
  private(set) var routes = Kind()
  private(set) var configurations = Kind()
  private let statements: [Statement]
  /// So far back numbers are read again: two nodes that register names at the same time commit in any order.
  private static let overlap: Int32 = 64

  init(_ tables: TableNames) {
    statements = [tables.source, tables.destination, tables.route, tables.configuration].map { table in
      Statement(
        name: "new_\(table)_names", sql: "SELECT id, name FROM \(table) WHERE id > $1 ORDER BY id",
        types: [.int4])
    }
  }

  /// Reads what is not known yet.
  var pipeline: Pipeline {
    var pipeline = Pipeline()
    for (kind, statement) in zip([sources, destinations, routes, configurations], statements) {
      var parameters = Parameters()
      parameters.add(max(0, (kind.all.last?.row ?? 0) - Self.overlap))
      pipeline.add(statement, parameters)
    }
    return pipeline
  }

  func forget() { (sources, destinations, routes, configurations) = (Kind(), Kind(), Kind(), Kind()) }

  /// - Parameter rows: What `pipeline` has brought.
  func add(_ rows: [Rows]) {
    sources.add(rows[0])
    destinations.add(rows[1])
    routes.add(rows[2])
    configurations.add(rows[3])
  }
}

@available(*, unavailable)
extension LookupNames: Sendable {}

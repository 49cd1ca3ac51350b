import CPostgres
import RelayCore

/// What a statement returned. The rows stay where libpq has read them, as long as this value.
struct Rows {
  private let result: CommandResult

  init(_ result: CommandResult) {
    self.result = result
  }

  var count: Int { withExtendedLifetime(result) { Int(PQntuples(result.handle)) } }

  /// How many rows the statement inserted, changed or removed; of a query, how many it returned.
  var affected: Int { withExtendedLifetime(result) { Int(String(cString: PQcmdTuples(result.handle))) ?? 0 } }

  var columnNames: [String] {
    withExtendedLifetime(result) {
      (0..<PQnfields(result.handle)).map { String(cString: PQfname(result.handle, $0)) }
    }
  }

  subscript(row: Int) -> Row {
    precondition(row >= 0 && row < count, "there is no row \(row) of \(count)")
    return Row(result, Int32(row))
  }

  var first: Row? { count > 0 ? self[0] : nil }
}

extension Rows: Sequence {
  func makeIterator() -> some IteratorProtocol<Row> { (0..<count).lazy.map { self[$0] }.makeIterator() }
}

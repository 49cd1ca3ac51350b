import RelayCore

/// The names of one kind, and the numbers that stand for them in rows.
struct NameStatements: Sendable {
  private let insert: Statement
  private let all: Statement

  init(_ table: String) {
    insert = Statement(
      name: "insert_\(table)_names",
      sql: """
        INSERT INTO \(table) (name) SELECT name FROM unnest($1::text[]) WITH ORDINALITY AS u(name, place) ORDER BY place
        ON CONFLICT (name) DO NOTHING
        """,
      types: [.textArray])
    all = Statement(name: "all_\(table)_names", sql: "SELECT id, name FROM \(table) ORDER BY id")
  }

  /// Gives names numbers that have none yet, in their order. To be followed by `all`.
  func register(_ names: [String], in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(array: names)
    pipeline.add(insert, parameters)
  }

  func readAll(in pipeline: inout Pipeline) { pipeline.add(all) }

  /// What `readAll` has brought: in the order in which they came to be.
  static func names(_ rows: Rows) -> [(row: Int32, name: String)] { rows.map { ($0.int32(0), $0.text(1)) } }
}

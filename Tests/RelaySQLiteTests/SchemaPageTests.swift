import Foundation
import RelayCore
import Testing

@testable import RelaySQLite

/// `docs/schema.sql` is the schema of a fresh store, and explains all of it.
struct SchemaPageTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs/schema.sql").standardizedFileURL

  private let text: String
  private let home: SQLiteHome
  /// A fresh store's.
  private let store: Connection
  /// A database that was made from the page.
  private let described: Connection

  init() throws {
    text = try String(contentsOf: Self.page, encoding: .utf8)
    home = try SQLiteHome()
    store = try Connection(path: home.path)
    try Schema.migrate(store)
    described = try Connection(path: ":memory:")
    try described.execute(text)
  }

  /// Each table and index by its name, without what does not matter: comments, white space, and the quotes of a name.
  private static func objects(_ connection: Connection) throws -> [String: String] {
    let query = try connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    var objects: [String: String] = [:]
    while try query.step() { objects[query.text(0)!] = normalised(query.text(1)!) }
    return objects
  }

  private static func normalised(_ sql: String) -> String {
    let code = sql.split(separator: "\n").map {
      $0.prefix(upTo: $0.firstRange(of: "--")?.lowerBound ?? $0.endIndex)
    }
    return code.joined(separator: " ").replacing("\"", with: "")
      .replacing(#/\s+/#, with: " ").replacing(#/ ?([(),]) ?/#, with: { String($0.1) })
  }

  @Test func itIsTheSchemaOfAFreshStore() throws {
    let (expected, found) = (try Self.objects(store), try Self.objects(described))
    #expect(Set(found.keys) == Set(expected.keys))
    for (name, sql) in expected { #expect(found[name] == sql, "mend \(name) in docs/schema.sql") }
    for setting in ["user_version", "application_id"] {
      #expect(try described.integer("PRAGMA \(setting)") == store.integer("PRAGMA \(setting)"))
    }
  }

  /// One for all columns of a key or a constraint would hide one that is missing: each column has its own line.
  @Test func eachTableIndexAndColumnHasItsComment() throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for table in try described.texts("SELECT name FROM sqlite_schema WHERE type = 'table'") {
      let head = try #require(lines.firstIndex { $0.hasPrefix("CREATE TABLE \(table) (") })
      #expect(lines[head - 1].hasPrefix("--"), "\(table) has no comment")
      for column in try described.texts("SELECT name FROM pragma_table_info('\(table)')")
      where !["id", "name"].contains(column) {
        let line = lines[head...].first { $0.hasPrefix("  \(column) ") }
        #expect(line?.contains("-- ") == true, "\(table).\(column) has no comment")
      }
    }
    for index in try described.texts(
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    {
      let head = try #require(lines.firstIndex { $0.hasPrefix("CREATE INDEX \(index) ") })
      #expect(lines[head - 1].hasPrefix("--"), "\(index) has no comment")
    }
  }

  @Test func eachStateReasonAndOrderIsNamedWithItsNumber() {
    #expect(DeliveryState(stored: -1) == .fresh)
    #expect(text.contains("--     -1 fresh, and unlisted:"))
    for state in DeliveryState.allCases {
      #expect(text.contains("--      \(state.rawValue) \(state)"), "\(state)")
    }
    for reason in DeathReason.allCases { #expect(text.contains("\(reason.rawValue) \(reason)")) }
    for reason in DiscardReason.allCases { #expect(text.contains("\(reason.rawValue) \(reason)")) }
    for ordering in Ordering.allCases { #expect(text.contains("\(ordering.rawValue) \(ordering)")) }
  }
}

import RelayCore
import RelayHarness
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What is bound is what the statement says, whatever was bound before.
struct StatementTests {
  private enum Value: CustomStringConvertible, CaseIterable {
    case null, zero, seven, empty, word, other, longest, tooLong, noBytes, bytes, longestBytes, tooManyBytes

    func bind(_ place: Int32, of statement: Statement) {
      switch self {
      case .null: statement.bind(place, nil as Int64?)
      case .zero: statement.bind(place, 0 as Int64)
      case .seven: statement.bind(place, 7 as Int64)
      case .empty: statement.bind(place, "")
      case .word: statement.bind(place, "closedChat")
      case .other: statement.bind(place, "closedCase")
      case .longest: statement.bind(place, String(repeating: "a", count: 32))
      case .tooLong: statement.bind(place, String(repeating: "a", count: 33))
      case .noBytes: statement.bind(place, [] as [UInt8])
      case .bytes: statement.bind(place, Array("closedChat".utf8))
      case .longestBytes: statement.bind(place, [UInt8](repeating: 0, count: 32))
      case .tooManyBytes: statement.bind(place, [UInt8](repeating: 0, count: 33))
      }
    }

    /// Its type, and it as SQL writes it.
    var description: String {
      switch self {
      case .null: "null NULL"
      case .zero: "integer 0"
      case .seven: "integer 7"
      case .empty: "text ''"
      case .word: "text 'closedChat'"
      case .other: "text 'closedCase'"
      case .longest: "text '\(String(repeating: "a", count: 32))'"
      case .tooLong: "text '\(String(repeating: "a", count: 33))'"
      case .noBytes: "blob X''"
      case .bytes: "blob X'636C6F73656443686174'"
      case .longestBytes: "blob X'\(String(repeating: "00", count: 32))'"
      case .tooManyBytes: "blob X'\(String(repeating: "00", count: 33))'"
      }
    }
  }

  private let connection: Connection

  init() throws {
    connection = try Connection(path: ":memory:")
  }

  @Test func aValueIsTheOneThatWasBoundLast() throws {
    let statement = try connection.prepare(
      "SELECT typeof(?1) || ' ' || quote(?1), typeof(?2) || ' ' || quote(?2)")
    var random = SplitMix64(seed: 5)
    var bound = (Value.null, Value.null)
    for _ in 0..<2_000 {
      // Now and then the other is left as it is.
      if random.chance(80) {
        bound.0 = Value.allCases.randomElement(using: &random)!
        bound.0.bind(1, of: statement)
      }
      if random.chance(80) {
        bound.1 = Value.allCases.randomElement(using: &random)!
        bound.1.bind(2, of: statement)
      }
      #expect(try statement.step())
      #expect(statement.text(0) == "\(bound.0)")
      #expect(statement.text(1) == "\(bound.1)")
      statement.reset()
    }
  }

  @Test(arguments: [0, 1, 32, 33, 100_000]) func aLentValueIsWrittenOnce(count: Int) throws {
    try connection.execute("CREATE TABLE note (body BLOB, name TEXT)")
    let insert = try connection.prepare("INSERT INTO note VALUES (?1, ?2)")
    let body = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    insert.bind(2, "first")
    try insert.run(lending: body, as: 1)
    insert.bind(1, nil as [UInt8]?)
    try insert.run()
    let rows = try connection.prepare("SELECT body, name FROM note ORDER BY rowid")
    #expect(try rows.step())
    #expect(rows.bytes(0) == body && rows.text(1) == "first")
    #expect(try rows.step())
    #expect(rows.isNull(0) && rows.text(1) == "first")
    rows.reset()
  }

  /// SQLite takes none then: it must not be taken for bound later.
  @Test func whatIsBoundWhileTheStatementRunsIsBoundWhenItIsBoundAgain() throws {
    let statement = try connection.prepare("SELECT ?1 UNION ALL SELECT 2")
    statement.bind(1, 1 as Int64)
    #expect(try statement.step())
    statement.bind(1, 5 as Int64)
    statement.reset()
    statement.bind(1, 5 as Int64)
    #expect(try statement.step())
    #expect(statement.integer(0) == 5)
    statement.reset()
  }
}

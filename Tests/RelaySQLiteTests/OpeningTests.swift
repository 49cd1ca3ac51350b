import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

struct OpeningTests {
  @Test func aSecondOpenerIsToldWhichProcessHasIt() throws {
    let home = try SQLiteHome()
    let store = try home.open(clock: ManualClock(), duplicateLimit: 1)
    let refusal = #expect(throws: StoreError.self) { try open(home.path) }
    #expect(refusal?.code == .inUse)
    #expect(refusal?.message.contains("(process \(ProcessInfo.processInfo.processIdentifier))") == true)
    #expect(refusal?.message.contains(home.path) == true)
    store.close()
    try open(home.path)
  }

  @Test func aStoreThatIsRefusedLetsGoOfTheLock() throws {
    let home = try SQLiteHome()
    let file = try home.folder.write("no database\n", to: "relay.db")
    #expect(throws: StoreError.self) { try open(file) }
    try FileManager.default.removeItem(atPath: file)
    try open(file)
  }

  @Test func aNewerSchemaIsRefusedAndLeftAsItIs() throws {
    let home = try SQLiteHome()
    try open(home.path)
    let connection = try Connection(path: home.path)
    // As a later release might have it.
    try connection.execute("PRAGMA journal_mode = DELETE; PRAGMA user_version = \(Schema.version + 1)")
    let before = try contents(home.path)
    let refusal = #expect(throws: StoreError.self) { try open(home.path) }
    #expect(refusal?.code == .newerSchema)
    #expect(refusal?.message.contains("schema \(Schema.version + 1)") == true)
    #expect(try contents(home.path) == before)
  }

  @Test func anotherProgramsDatabaseIsRefusedAndLeftAsItIs() throws {
    let home = try SQLiteHome()
    try Connection(path: home.path).execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY)")
    let before = try contents(home.path)
    let refusal = #expect(throws: StoreError.self) { try open(home.path) }
    #expect(refusal?.code == .cannotOpen)
    #expect(refusal?.message.contains("\(home.path) is not a store of huggy-relay") == true)
    #expect(try contents(home.path) == before)
  }

  @Test(arguments: ["xy", String(repeating: "no database at all\n", count: 500)])
  func aFileThatIsNoDatabaseIsRefusedAndLeftAsItIs(_ text: String) throws {
    let home = try SQLiteHome()
    let file = try home.folder.write(text, to: "relay.db")
    let refusal = #expect(throws: StoreError.self) { try open(file) }
    #expect(refusal?.code == .cannotOpen)
    #expect(refusal?.message.contains("\(file) is no SQLite database") == true)
    #expect(try contents(file) == Data(text.utf8))
  }

  @Test func aFolderThatIsAFileIsNamed() throws {
    let home = try SQLiteHome()
    let file = try home.folder.write("", to: "data")
    let refusal = #expect(throws: StoreError.self) { try open("\(file)/relay.db") }
    #expect(refusal?.code == .cannotOpen)
    #expect(refusal?.message.contains(file) == true)
  }

  private func open(_ path: String) throws {
    try SQLiteStore(path: path, clock: ManualClock()).close()
  }

  private func contents(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }
}

import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// `store verify`: whatever is wrong with a store is found, and a sound one is sound.
struct VerifierTests {
  private let home: SQLiteHome

  init() throws { home = try SQLiteHome() }

  private func fill() async throws {
    let store = try SQLiteStore(path: home.path, clock: ManualClock())
    try await store.fill()
    store.close()
  }

  private func verify() throws -> StoreVerification {
    try SQLiteVerifier(isSound: { $0.first == UInt8(ascii: "{") }).verify(path: home.path)
  }

  @Test func aStoreThatWasUsedIsSound() async throws {
    try await fill()
    let verification = try verify()
    #expect(verification.isSound, "\(verification.checks.flatMap(\.problems))")
    #expect(verification.note == nil)
    #expect(
      verification.checks.map(\.name) == [
        "pages and indexes", "references", "deliveries", "books", "order keys", "events", "replays", "search",
      ])
    #expect(verification.checks.map(\.count).suffix(3) == [13, 2, 0])
  }

  static let damages: [(damage: String, check: String)] = [
    ("UPDATE destination SET pending = pending + 1 WHERE name = 'crm'", "books"),
    ("UPDATE destination SET backlog_bytes = 3 WHERE name = 'crm'", "books"),
    ("UPDATE destination SET overflowed = 0 WHERE name = 'audit'", "books"),
    ("UPDATE delivery SET state = 9 WHERE id = 1", "deliveries"),
    ("UPDATE delivery SET settled = NULL WHERE state = 3", "deliveries"),
    ("UPDATE delivery SET due = NULL WHERE state = 1", "deliveries"),
    ("UPDATE delivery SET reason = NULL WHERE state = 4", "deliveries"),
    ("UPDATE delivery SET revisit = NULL WHERE state = 4", "deliveries"),
    (
      "UPDATE unlisted SET first = 99; UPDATE delivery SET state = -1 WHERE id = (SELECT max(id) FROM delivery WHERE state = 0)",
      "deliveries"
    ),
    ("UPDATE event SET first_delivery = first_delivery + 1 WHERE id = 2", "deliveries"),
    ("UPDATE event SET deliveries = 1 WHERE id = 2", "deliveries"),
    ("UPDATE delivery SET state = 2 WHERE order_key IS NOT NULL", "order keys"),
    ("UPDATE delivery SET state = 0 WHERE order_key IS NOT NULL", "order keys"),
    ("DELETE FROM delivery WHERE id = 3", "events"),
    ("UPDATE event SET body = x'' WHERE id = 2", "events"),
    ("UPDATE event SET body = x'00' WHERE id = 2", "events"),
    ("UPDATE event SET uuid = (SELECT uuid FROM event WHERE id = 1) WHERE id = 4", "events"),
    ("UPDATE destination SET replaying = replaying - 1 WHERE name = 'crm'", "books"),
    ("UPDATE delivery SET state = 0 WHERE state = -4", "deliveries"),
    ("UPDATE delivery SET state = -4 WHERE state = 0 AND run = 0", "deliveries"),
    ("DELETE FROM replayed WHERE delivery = (SELECT max(delivery) FROM replayed)", "replays"),
    ("UPDATE replayed SET event = 1 WHERE delivery = (SELECT max(delivery) FROM replayed)", "replays"),
    ("UPDATE replayed SET delivery = 1 WHERE delivery = (SELECT max(delivery) FROM replayed)", "replays"),
    ("UPDATE replayed SET delivery = 999 WHERE delivery = (SELECT max(delivery) FROM replayed)", "replays"),
    ("INSERT INTO replayed (event, delivery) VALUES (1, 1)", "replays"),
    ("UPDATE replay SET queued = queued + 1 WHERE id = 1", "replays"),
    ("UPDATE replay SET dead = 0 WHERE id = 2", "replays"),
    ("UPDATE replay SET delivered = 0, queued = queued - 1 WHERE id = 2", "replays"),
    ("UPDATE replay SET ended = NULL WHERE walk = 2", "replays"),
    ("DELETE FROM envelope WHERE id = 1", "references"),
    ("DELETE FROM source", "references"),
  ]

  @Test(arguments: damages) func whateverIsWrongIsFound(damage: String, check: String) async throws {
    try await fill()
    do {
      let connection = try Connection(path: home.path)
      try connection.execute(damage)
    }
    let verification = try verify()
    let wrong = verification.checks.filter { $0.problemCount > 0 }
    #expect(wrong.contains { $0.name == check && !$0.problems.isEmpty }, "\(wrong.map(\.name))")
    #expect(!verification.isSound)
  }

  @Test func aDamagedPageIsFound() async throws {
    try await fill()
    let file = try #require(FileHandle(forUpdatingAtPath: home.path))
    // The second page of an index or a table: what stands there is no page any more.
    let size = try file.seekToEnd()
    try file.seek(toOffset: size - 4_096)
    try file.write(contentsOf: Data(repeating: 0xA5, count: 4_096))
    try file.close()
    let verification = try verify()
    #expect(verification.checks[0].problemCount > 0)
    #expect(verification.note != nil, "rows of damaged pages are not compared")
  }

  @Test func aStoreInUseIsNotLookedAt() async throws {
    let store = try SQLiteStore(path: home.path, clock: ManualClock())
    #expect { try verify() } throws: { ($0 as? StoreError)?.code == .inUse }
    store.close()
  }

  /// Broken by looking at a file through the log of another: what it says was never in either.
  @Test func aFileBesideTheLogOfAnotherIsNotLookedAt() async throws {
    try await fill()
    let mark = FileManager.default.contents(atPath: home.path + ".mark")
    let before = FileManager.default.contents(atPath: home.path)
    // Its log stays, as after a kill.
    let log: Data? = try {
      let session = try StoreSession(path: home.path, duplicateLimit: 10)
      try session.connection.execute("UPDATE source SET name = name")
      return FileManager.default.contents(atPath: home.path + "-wal")
    }()
    let later = FileManager.default.contents(atPath: home.path + ".mark")
    #expect(mark != later && log?.isEmpty == false)
    for (end, data) in [("", before), ("-wal", log), (".mark", later)] {
      try data?.write(to: URL(fileURLWithPath: home.path + end))
    }
    #expect { try verify() } throws: { ($0 as? StoreError)?.code == .foreignLog }
  }

  @Test func whatIsNoStoreIsSaidAndNothingIsMade() throws {
    #expect { try verify() } throws: { ($0 as? StoreError)?.code == .cannotOpen }
    #expect(!FileManager.default.fileExists(atPath: home.path))
    _ = try home.folder.write("no database, but a text that is long enough", to: "relay.db")
    #expect { try verify() } throws: { ($0 as? StoreError)?.code == .cannotOpen }
  }

  /// A copy is looked at without a trace: nothing comes to stand beside it.
  @Test func aCopyIsLookedAtWithoutATrace() async throws {
    try await fill()
    for end in ["-wal", "-shm", ".lock", ".mark"] {
      try? FileManager.default.removeItem(atPath: home.path + end)
    }
    let before = try FileManager.default.contentsOfDirectory(atPath: home.folder.path).sorted()
    #expect(try verify().isSound)
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.folder.path).sorted() == before)
  }
}

import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

struct SettingsTests {
  @Test func theWritingConnectionSyncsEveryCommit() throws {
    let bench = try SessionBench()
    for _ in 0..<2 {
      // By no name of its own: the store's lock stays as long as its connection.
      #expect(try bench.session.connection.integer("PRAGMA synchronous") == 2)
      #expect(try bench.session.connection.text("PRAGMA journal_mode") == "wal")
      // The log's VFS relies on both.
      #expect(bench.session.connection.isPowersafe)
      try bench.reopen()
    }
  }

  /// 2: what is deleted within a page is overwritten, where that takes no page more.
  @Test func freePagesCanBeGivenBackAndWhatIsDeletedIsOverwritten() throws {
    let bench = try SessionBench()
    #expect(try bench.session.connection.integer("PRAGMA auto_vacuum") == 2)
    #expect(try bench.session.connection.integer("PRAGMA secure_delete") == 2)
    try bench.reopen()
    #expect(try bench.session.connection.integer("PRAGMA auto_vacuum") == 2)
  }

  @Test func theLogIsBounded() throws {
    // Where the disk is small the keeper makes it shorter.
    let home = try SQLiteHome()
    let connection = try StoreSession(path: home.path, duplicateLimit: 1).connection
    #expect(try connection.integer("PRAGMA journal_size_limit") == 64 << 20)
    #expect(try connection.integer("PRAGMA wal_autocheckpoint") == 1_000)
  }

  @Test func theFilesAreForTheOwnerAlone() async throws {
    let home = try SQLiteHome()
    let path = "\(home.folder.path)/a/b/relay.db"
    let store = try SQLiteStore(path: path, clock: ManualClock())
    try await store.configure(.test)
    for file in [path, path + "-wal", path + "-shm", path + ".lock"] {
      #expect(try mode(of: file) == 0o600, "\(file)")
    }
    for folder in ["a", "a/b"] { #expect(try mode(of: "\(home.folder.path)/\(folder)") == 0o700) }
    store.close()
  }

  /// Containers run under any user of one group, and another one the next time.
  @Test func whatIsMadeInAGroupsFolderIsTheGroupsToo() async throws {
    let home = try SQLiteHome()
    chmod(home.folder.path, 0o2770)
    let path = "\(home.folder.path)/a/b/relay.db"
    let store = try SQLiteStore(path: path, clock: ManualClock())
    try await store.configure(.test)
    try ReserveFile(databasePath: path).make(bytes: 4_096)
    for file in [path, path + "-wal", path + "-shm", path + ".lock", path + ".reserve"] {
      #expect(try mode(of: file) == 0o660, "\(file)")
    }
    for folder in ["a", "a/b"] { #expect(try mode(of: "\(home.folder.path)/\(folder)") == 0o2770) }
    store.close()
  }

  @Test func aFolderThatIsEverybodysIsNoGroups() {
    for (folder, file) in [(0o755, 0o600), (0o700, 0o600), (0o1777, 0o600), (0o775, 0o660), (0o2770, 0o660)] {
      #expect(StoreAccess(folderMode: mode_t(folder)).fileMode == mode_t(file))
    }
  }

  private func mode(of path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test(arguments: [true, false])
  func aMissingOrEmptyFileBecomesAStore(isMissing: Bool) throws {
    let home = try SQLiteHome()
    if !isMissing { _ = try home.folder.write("", to: "relay.db") }
    let session = try StoreSession(path: home.path, duplicateLimit: 1)
    #expect(try session.connection.integer("PRAGMA user_version") == Schema.version)
    #expect(try session.connection.integer("PRAGMA application_id") == Schema.applicationID)
    #expect(
      try session.connection.texts("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") == [
        "audit", "clock", "clock_step", "configuration", "delivery", "destination", "envelope", "event",
        "event_run", "failure", "gap", "learned_token", "mark", "replay", "replayed", "route", "run_page",
        "source", "straggler", "unlisted", "unrouted_walk",
      ])
    #expect(try session.connection.text("PRAGMA integrity_check") == "ok")
  }
}

extension Connection {
  /// The first column of the first row.
  func text(_ sql: String) throws -> String? { try texts(sql).first }

  /// A column of all rows.
  func texts(_ sql: String, column: Int32 = 0) throws -> [String] {
    let query = try prepare(sql)
    var texts: [String] = []
    while try query.step() { texts.append(query.text(column) ?? "NULL") }
    return texts
  }
}

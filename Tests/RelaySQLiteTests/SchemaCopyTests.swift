import Foundation
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// A store of the schema before is copied before it is changed.
struct SchemaCopyTests {
  private let home: SQLiteHome
  private let steps = Steps()
  private var copy: String { "\(home.path).before-schema-\(Schema.version)" }

  init() throws {
    home = try SQLiteHome()
  }

  // MARK: Helpers

  private final class Steps: StoreObserver {
    let all = Locked<[StoreMigration]>([])
    func storeMigrates(_ step: StoreMigration) { all.withLock { $0.append(step) } }
    func storeCommitted(operations: Int, duration: Duration) {}
    func storeOverflowed(destination: String, count: Int) {}
    func storeConditionChanged(_ condition: StoreCondition) {}
    func storeHangs(_ isHanging: Bool) {}
  }

  /// Leaves a store of an older schema, with a row that can be told, its log being empty.
  private func leave(_ path: String? = nil, schema: Int64 = Schema.version - 1, bytes: Int = 0) throws {
    let connection = try Connection(path: path ?? home.path)
    try Schema.configure(connection)
    for migration in Schema.migrations[..<Int(schema)] { try connection.execute(migration) }
    try connection.execute(
      """
      INSERT INTO source VALUES (7, 'huggy');
      CREATE TABLE IF NOT EXISTS ballast (bytes BLOB);
      INSERT INTO ballast VALUES (randomblob(\(bytes)));
      PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(schema);
      PRAGMA wal_checkpoint(TRUNCATE)
      """)
  }

  private func open(_ path: String? = nil, _ change: (inout MigrationSettings) -> Void = { _ in }) throws {
    var settings = MigrationSettings(observer: steps)
    change(&settings)
    _ = try StoreSession(path: path ?? home.path, duplicateLimit: 1, migration: settings)
  }

  private func schema(_ path: String) throws -> Int64? {
    try Connection(path: path, ignoringLog: ()).integer("PRAGMA user_version")
  }

  /// But for the header, in which SQLite counts the openings.
  private func contents(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path)).dropFirst(100)
  }
  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  // MARK: The copy

  @Test(arguments: [true, false]) func theCopyIsTheStoreAsItWas(sharesBlocks: Bool) throws {
    try leave()
    let before = try contents(home.path)
    try open { $0.clones = sharesBlocks }
    #expect(try contents(copy) == before)
    #expect(try schema(copy) == Schema.version - 1)
    let store = try Connection(path: home.path)
    #expect(try store.integer("PRAGMA user_version") == Schema.version)
    #expect(try store.integer("SELECT id FROM source") == 7)
  }

  /// A log that a crash has left is part of the store.
  @Test func whatIsInTheLogOnlyIsInTheCopy() throws {
    try leave()
    let connection = try Connection(path: home.path)
    try connection.execute("INSERT INTO source VALUES (8, 'other')")
    connection.keepLogOnClose()
    try open()
    #expect(try Connection(path: copy, ignoringLog: ()).integer("SELECT max(id) FROM source") == 8)
  }

  @Test func onlyItsOwnerMayReadIt() throws {
    try leave()
    try open()
    let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func aNewStoreAndOneOfThisSchemaAreNotCopied() throws {
    try open()
    try open()
    #expect(!exists(copy))
    #expect(steps.all.withLock { $0 }.isEmpty)
  }

  @Test func noCopyIsMadeWhereNoneIsWanted() throws {
    try leave()
    try open { $0.makesCopy = false }
    #expect(!exists(copy))
    #expect(try Connection(path: home.path).integer("PRAGMA user_version") == Schema.version)
  }

  @Test func whoOpensItIsToldEachStep() throws {
    try leave()
    let bytes = try contents(home.path).count + 100
    try open { $0.clones = false }
    let told = steps.all.withLock { $0 }
    let (from, to) = (Int(Schema.version) - 1, Int(Schema.version))
    #expect(told.count == 4)
    #expect(told.first == .copies(from: from, copy: copy, bytes: bytes))
    if case .copied(copy, _) = told[1] {} else { Issue.record("\(told)") }
    #expect(told[2] == .changes(from: from, to: to))
    if case .changed(to, _) = told[3] {} else { Issue.record("\(told)") }
  }

  @Test func theCopyIsThereBeforeTheStoreIsChanged() throws {
    try leave()
    // A migration that can't be: its table is there.
    try Connection(path: home.path).execute("DROP INDEX delivery_listed")
    #expect(throws: StoreError.self) { try open() }
    #expect(try schema(copy) == Schema.version - 1)
    #expect(try schema(home.path) == Schema.version - 1)
  }

  // MARK: Older copies

  @Test func onlyTheLastCopyIsKept() throws {
    try leave()
    let older = try home.folder.write("older", to: "relay.db.before-schema-\(Schema.version - 1)")
    try open()
    #expect(exists(copy) && !exists(older))
    #expect(steps.all.withLock { $0 }.last == .removed(copy: older))
  }

  /// Broken by a start that looks for older copies only where it has changed the schema itself.
  @Test func anOlderCopyThatAKillHasLeftIsRemovedByTheNextStart() throws {
    try leave()
    try open()
    let older = try home.folder.write("older", to: "relay.db.before-schema-\(Schema.version - 1)")
    try open()
    #expect(exists(copy) && !exists(older))
  }

  @Test func aCopyThatWasLeftBeforeIsMadeAnew() throws {
    try leave()
    _ = try home.folder.write("stale", to: "relay.db.before-schema-\(Schema.version)")
    let before = try contents(home.path)
    try open()
    #expect(try contents(copy) == before)
  }

  /// Whatever fails, the older copy stays while it may be the only one.
  @Test func anOlderCopyStaysWhereTheChangeFails() throws {
    try leave()
    try Connection(path: home.path).execute("DROP INDEX delivery_listed")
    let older = try home.folder.write("older", to: "relay.db.before-schema-\(Schema.version - 1)")
    #expect(throws: StoreError.self) { try open() }
    #expect(exists(older))
  }

  /// Broken by looking only for what is to make room for a copy of its own: without one, the older is the only way back.
  @Test func anOlderCopyStaysWhereNoneWasMadeForThisChange() throws {
    try leave()
    let older = try home.folder.write("older", to: "relay.db.before-schema-\(Schema.version - 1)")
    try open { $0.makesCopy = false }
    #expect(exists(older))
    try open()
    #expect(exists(older))
  }

  // MARK: Nothing half

  /// Its log is empty and stays so, or the copy would lack what is written meanwhile.
  @Test func nobodyWritesWhileItIsCopied() throws {
    try leave()
    let other = try Connection(path: home.path)
    try other.execute("PRAGMA busy_timeout = 0")
    let path = home.path
    var refusals = 0
    try open {
      $0.space = {
        #expect(throws: StoreError.self) { try other.execute("INSERT INTO source VALUES (9, 'late')") }
        refusals += 1
        return .ofFileSystem(at: FilePath.parent(of: path))
      }
    }
    #expect(refusals == 1)
    try other.execute("INSERT INTO source VALUES (9, 'late')")
  }

  /// A power cut in between must not leave a name with nothing behind it, nor a changed store without its copy.
  @Test func itIsOnTheDiskBeforeItHasItsNameAndTheNameBeforeTheStoreIsChanged() throws {
    try leave()
    let (store, copy) = (try Connection(path: home.path), copy)
    var hadName: [Bool] = []
    try open {
      $0.clones = false
      $0.sync = { file in
        hadName.append(access(copy, F_OK) == 0)
        let schema = try? store.integer("PRAGMA user_version")
        #expect(schema == Schema.version - 1)
        return fsync(file)
      }
    }
    // Its one piece, all of it, and the folder.
    #expect(hadName == [false, false, true])
  }

  @Test(arguments: 0..<3) func whatCantBeSyncedChangesNothing(failing: Int) throws {
    try leave()
    let older = try home.folder.write("older", to: "relay.db.before-schema-\(Schema.version - 1)")
    let before = try contents(home.path)
    var calls = 0
    let refusal = #expect(throws: StoreError.self) {
      try open {
        $0.clones = false
        $0.sync = { file in
          defer { calls += 1 }
          guard calls == failing else { return fsync(file) }
          errno = EIO
          return -1
        }
      }
    }
    #expect(refusal?.code == .failing)
    #expect(refusal?.message.contains("look at its disk") == true)
    #expect(calls == failing + 1, "it is not tried again")
    #expect(try contents(home.path) == before)
    #expect(exists(older), "it may be the only one")
    #expect(!exists(home.path + ".huggy-relay-copy"))
    try open()
    #expect(try contents(copy) == before && !exists(older))
  }

  @Test func whatAKillHasLeftHalfIsRemovedAndMadeAnew() throws {
    try leave()
    let half = try home.folder.write("half", to: "relay.db.huggy-relay-copy")
    let before = try contents(home.path)
    try open()
    #expect(try contents(copy) == before && !exists(half))
  }

  @Test func aReaderOfTheLogIsNamedAndNothingIsChanged() throws {
    try leave()
    let writer = try Connection(path: home.path)
    let reader = try Connection(path: home.path)
    try reader.execute("BEGIN; SELECT count(*) FROM source")
    try writer.execute("INSERT INTO source VALUES (9, 'late')")
    let refusal = #expect(throws: StoreError.self) { try open() }
    #expect(refusal?.code == .failing)
    #expect(refusal?.message.contains("somebody reads the store") == true)
    #expect(!exists(copy))
    #expect(try writer.integer("PRAGMA user_version") == Schema.version - 1)
    try reader.execute("COMMIT")
    try open()
    #expect(try Connection(path: copy, ignoringLog: ()).integer("SELECT max(id) FROM source") == 9)
  }

  @Test func withoutRoomItSaysHowMuchItNeedsAndChangesNothing() throws {
    try leave()
    let before = try contents(home.path)
    let refusal = #expect(throws: StoreError.self) {
      try open {
        $0.clones = false
        $0.space = { DiskSpace(available: 3 << 20, total: 1 << 40) }
      }
    }
    #expect(refusal?.code == .full)
    #expect(refusal?.message.contains("need 17 MiB on its disk, which has 3 MiB free") == true)
    #expect(refusal?.message.contains("make room (14 MiB more)") == true)
    #expect(refusal?.message.contains("serve --no-copy") == true)
    #expect(try contents(home.path) == before)
    #expect(!exists(copy) && !exists(home.path + ".huggy-relay-copy"))
  }

  // MARK: The way back

  @Test func theReleaseBeforeIsToldWhichCopyItCanOpen() throws {
    try leave()
    let newer = Schema.version + 1
    let copy = "\(home.path).before-schema-\(newer)"
    try FileManager.default.copyItem(atPath: home.path, toPath: copy)
    try Connection(path: home.path).execute("PRAGMA user_version = \(newer)")
    let refusal = #expect(throws: StoreError.self) { try open() }
    #expect(refusal?.code == .newerSchema)
    #expect(refusal?.message.contains("\(copy) is one") == true)
    try Connection(path: copy).execute("PRAGMA user_version = \(newer); PRAGMA wal_checkpoint(TRUNCATE)")
    let other = #expect(throws: StoreError.self) { try open() }
    #expect(other?.message.contains(copy) == false)
  }

  /// What came after a copy is not in it: the less of that, the better.
  @Test func ofSeveralTheNewestThatItCanOpenIsNamed() throws {
    try leave()
    let newer = Schema.version + 2
    for version in Schema.version...newer {
      try FileManager.default.copyItem(atPath: home.path, toPath: "\(home.path).before-schema-\(version)")
    }
    let last = "\(home.path).before-schema-\(newer)"
    try Connection(path: last).execute(
      "PRAGMA user_version = \(newer - 1); PRAGMA wal_checkpoint(TRUNCATE)")
    try Connection(path: home.path).execute("PRAGMA user_version = \(newer)")
    let refusal = #expect(throws: StoreError.self) { try open() }
    #expect(refusal?.message.contains("before-schema-\(newer - 1) is one") == true)
  }

  @Test func theCopyOpensInItsPlace() throws {
    try leave()
    try open()
    for suffix in ["", "-wal", "-shm", ".mark"] { unlink(home.path + suffix) }
    try FileManager.default.moveItem(atPath: copy, toPath: home.path)
    #expect(try schema(home.path) == Schema.version - 1)
    try open()
    #expect(try Connection(path: home.path).integer("PRAGMA user_version") == Schema.version)
    #expect(try schema(copy) == Schema.version - 1)
  }

  @Test func anErasureSaysThatTheCopyIsLeft() async throws {
    try leave()
    let store = try home.open(clock: ManualClock(), duplicateLimit: 1)
    try await store.configure(.test)
    let traces = Monitor<ErasedTraces?>(nil)
    store.overwriteErased { result in traces.update { $0 = try? result.get() } }
    let remaining = await onThread { traces.wait { $0 }?.remaining }
    #expect(remaining?.contains(copy) == true)
    store.close()
  }
}

import Foundation
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// What the store held once, beside it.
struct KeptCopiesTests {
  private let home: SQLiteHome

  init() throws {
    home = try SQLiteHome()
    try makeStore(home.path)
  }

  // MARK: Helpers

  private func makeStore(_ path: String) throws {
    let connection = try Connection(path: path)
    try connection.execute("PRAGMA application_id = \(Schema.applicationID); CREATE TABLE a (b)")
  }

  private func makeFolder(_ name: String) throws -> String {
    let path = "\(home.folder.path)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private func beside(_ name: String) -> String { "\(home.folder.path)/\(name)" }
  private var found: [KeptCopy] { KeptCopies.beside(home.path) }

  /// As a shell would do it.
  private func run(_ command: String) throws {
    let shell = try Process.run(URL(fileURLWithPath: "/bin/sh"), arguments: ["-ec", command])
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0, "\(command)")
  }

  // MARK: Which they are

  @Test func aStoreByItselfHasNone() {
    #expect(found == [])
  }

  /// Broken by looking for the newest alone, and by counting only up to this release's schema.
  @Test func eachCopyFromBeforeAChangeOfTheSchemaIsOne() throws {
    let names = [Schema.version - 1, Schema.version, Schema.version + 3].map {
      beside("relay.db.before-schema-\($0)")
    }
    for name in names { try makeStore(name) }
    #expect(Set(found.map(\.path)) == Set(names))
  }

  @Test func whatAPersonHasNamedAfterTheStoreIsOneToo() throws {
    try makeStore(beside("relay.db.bak"))
    #expect(found.map(\.path) == [beside("relay.db.bak")])
  }

  /// Whoever removes another relay's store loses it.
  @Test func anotherRelaysStoreIsNone() throws {
    for name in ["staging.db", "relay.db2", "relay-old.db"] { try makeStore(beside(name)) }
    try makeStore(try makeFolder("staging") + "/relay.db")
    try makeStore(try makeFolder("newer-2") + "/staging.db")
    #expect(found == [])
  }

  /// It has the name of a copy: what says that it is none is that somebody has it open.
  @Test func anotherRelaysStoreThatIsInUseIsNone() throws {
    let paths = [beside("relay.db.eu"), try makeFolder("before-1") + "/relay.db"]
    for path in paths { try makeStore(path) }
    let holders = paths.map { path in
      let descriptor = open(path, O_RDWR | O_CLOEXEC)
      #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      return descriptor
    }
    #expect(found == [])
    for holder in holders { close(holder) }
    #expect(found.count == 2)
  }

  @Test func aFolderThatIsALinkIsNone() throws {
    let other = try makeFolder("elsewhere")
    try makeStore(other + "/relay.db")
    try makeStore(beside("relay.db.before-schema-3"))
    #expect(symlink(other, beside("newer-1")) == 0 && symlink(".", beside("before-1")) == 0)
    #expect(found.map(\.path) == [beside("relay.db.before-schema-3")])
  }

  @Test func whatIsNamedAlmostLikeTheStoreStays() throws {
    let folder = try makeFolder("before-2")
    for name in ["relay.db", "relay.db2"] { try makeStore("\(folder)/\(name)") }
    #expect(found.map(\.removal) == ["rm \(folder)/relay.db"])
  }

  @Test func whatIsNoStoreIsNone() throws {
    let other = try Connection(path: beside("relay.db.other"))
    try other.execute("PRAGMA application_id = 7; CREATE TABLE a (b)")
    _ = try home.folder.write("SQLite format 3\0", to: "relay.db.short")
    _ = try home.folder.write(String(repeating: "a", count: 200), to: "relay.db.reserve")
    _ = try makeFolder("relay.db.folder")
    #expect(mkfifo(beside("relay.db.pipe"), 0o600) == 0)
    try makeStore(Backup.path(beside: home.path))
    #expect(found == [])
  }

  /// A link leads to it, or is it: its locks would go with the descriptor that looked into it.
  @Test func theStoreByAnotherNameIsNone() throws {
    #expect(link(home.path, beside("relay.db.linked")) == 0)
    #expect(symlink(home.path, beside("relay.db.symbolic")) == 0)
    #expect(found == [])
  }

  @Test func theyAreWhereALinkToTheStoreLeads() throws {
    let name = try makeFolder("elsewhere") + "/relay.db"
    #expect(symlink(home.path, name) == 0)
    try makeStore(beside("relay.db.before-schema-3"))
    #expect(KeptCopies.beside(name).map(\.path) == [beside("relay.db.before-schema-3")])
  }

  @Test(arguments: ["before-20260102T030405", "newer-20260102T030405"])
  func whatWasPutAsideIsOne(folder name: String) throws {
    let folder = try makeFolder(name)
    try makeStore(folder + "/relay.db")
    #expect(found.map(\.path) == [folder])
  }

  @Test func theNewestIsFirst() throws {
    for (name, second) in [("a", 20), ("b", 30), ("c", 10)] {
      try makeStore(beside("relay.db.\(name)"))
      var times = [timeval(tv_sec: second, tv_usec: 0), timeval(tv_sec: second, tv_usec: 0)]
      #expect(utimes(beside("relay.db.\(name)"), &times) == 0)
    }
    #expect(found.map(\.path) == ["b", "a", "c"].map { beside("relay.db.\($0)") })
    #expect(found.map(\.written.seconds) == [30, 20, 10])
  }

  // MARK: How they are removed

  /// Broken by a removal that leaves the log, which holds as much of a person.
  @Test func itsLogCountsAndGoesWithIt() throws {
    let copy = beside("relay.db.it's one")
    try makeStore(copy)
    _ = try home.folder.write(String(repeating: "a", count: 5_000), to: "relay.db.it's one-wal")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: copy)).count
    let one = try #require(found.first)
    #expect(found.count == 1 && one.bytes == bytes + 5_000)
    try run(one.removal)
    #expect(try Set(FileManager.default.contentsOfDirectory(atPath: home.folder.path)) == ["relay.db"])
  }

  @Test func theFolderGoesWithAllThatWasPutAside() throws {
    let folder = try makeFolder("newer-1")
    try makeStore(folder + "/relay.db")
    try makeStore(folder + "/relay.db.before-schema-3")
    #expect(found.map(\.removal) == ["rm -r \(folder)"])
    try run(found[0].removal)
    #expect(found == [] && !FileManager.default.fileExists(atPath: folder))
  }

  @Test func whatElseAPersonKeepsThereStays() throws {
    let folder = try makeFolder("before-1")
    try makeStore(folder + "/relay.db")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: folder + "/notes.txt"))
    try run(try #require(found.first).removal)
    #expect(found == [])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["notes.txt"])
  }

  // MARK: What an erasure says

  private func remaining() async throws -> String? {
    let store = try home.open(clock: ManualClock(), duplicateLimit: 1)
    try await store.configure(.test)
    let traces = Monitor<ErasedTraces?>(nil)
    store.overwriteErased { result in traces.update { $0 = try? result.get() } }
    let result = await onThread { traces.wait { $0 } }
    store.close()
    return result?.remaining
  }

  /// Broken by naming the newest alone.
  @Test func anErasureNamesEachThatMayHoldThePerson() async throws {
    for suffix in ["", "-wal", "-shm"] { unlink(home.path + suffix) }
    let copies = [3, 17].map { beside("relay.db.before-schema-\($0)") }
    for copy in copies { try makeStore(copy) }
    let folder = try makeFolder("newer-1")
    try makeStore(folder + "/relay.db")
    let said = try #require(try await remaining())
    for path in copies + [folder] { #expect(said.contains(path)) }
  }

  @Test func withoutACopyAnErasureSaysNothing() async throws {
    for suffix in ["", "-wal", "-shm"] { unlink(home.path + suffix) }
    #expect(try await remaining() == nil)
  }

  @Test func ofManyTheOthersAreCounted() {
    let copies = (1...8).map { KeptCopy(path: "\($0)", bytes: 0, written: .epoch, removal: "rm \($0)") }
    let said = KeptCopies.remaining(copies)
    #expect(said?.contains("(rm 1; rm 2; rm 3; rm 4; rm 5); `huggy-relay doctor` names 3 more") == true)
  }
}

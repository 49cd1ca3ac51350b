import Foundation
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// On a disk that is really full: 64 MiB in memory, and a store of 20 MiB.
@Suite(.enabled(if: DiskMount.isAllowed, "mounting a file system needs root"), .timeLimit(.minutes(15)))
struct SchemaCopyDiskTests {
  private let disk: DiskMount
  private var path: String { "\(disk.path)/relay.db" }
  private var copy: String { "\(path).before-schema-\(Schema.version)" }

  init() throws {
    disk = try DiskMount(mebibytes: 64)
    let connection = try Connection(path: path)
    try Schema.configure(connection)
    for migration in Schema.migrations.dropLast() { try connection.execute(migration) }
    try connection.execute(
      """
      CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (randomblob(\(20 << 20)));
      PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(Schema.version - 1);
      PRAGMA wal_checkpoint(TRUNCATE)
      """)
  }

  private func open(_ settings: MigrationSettings = MigrationSettings()) throws {
    _ = try StoreSession(path: path, duplicateLimit: 1, migration: settings)
  }

  private var files: Set<String> {
    get throws { Set(try FileManager.default.contentsOfDirectory(atPath: disk.path)) }
  }

  @Test func aFullDiskIsFoundBeforeAnythingIsCopiedAndRoomIsAllThatItNeeds() throws {
    try disk.fill(leaving: 30 << 20)
    let refusal = #expect(throws: StoreError.self) { try open() }
    #expect(refusal?.code == .full)
    #expect(refusal?.message.contains("make room") == true)
    #expect(try files.isDisjoint(with: ["relay.db.huggy-relay-copy", copy]))
    #expect(try Connection(path: path).integer("PRAGMA user_version") == Schema.version - 1)
    disk.empty()
    try open()
    #expect(try Connection(path: copy, ignoringLog: ()).integer("PRAGMA user_version") == Schema.version - 1)
  }

  /// Others write, too: what was free is gone.
  @Test func aDiskThatFillsUpMeanwhileLeavesNoHalfCopy() throws {
    try disk.fill(leaving: 10 << 20)
    let refusal = #expect(throws: StoreError.self) { try open(MigrationSettings(space: { .unknown })) }
    #expect(refusal?.code == .full)
    #expect(refusal?.message.contains("No space left on device") == true)
    #expect(try files.isDisjoint(with: ["relay.db.huggy-relay-copy", copy]))
    #expect(try Connection(path: path).integer("PRAGMA user_version") == Schema.version - 1)
    #expect(try Connection(path: path).text("PRAGMA integrity_check") == "ok")
  }

  @Test func whereThereIsRoomForOneCopyTheOlderOneMakesWay() throws {
    let older = "\(path).before-schema-\(Schema.version - 1)"
    try FileManager.default.copyItem(atPath: path, toPath: older)
    try disk.fill(leaving: 21 << 20)
    try open(MigrationSettings())
    #expect(FileManager.default.fileExists(atPath: copy))
    #expect(!FileManager.default.fileExists(atPath: older))
  }

  /// The start before was killed after it had made the copy: that must not be in the way of the next.
  @Test func whereThereIsRoomForOneCopyThatOfAKilledStartMakesWay() throws {
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    try disk.fill(leaving: 21 << 20)
    try open(MigrationSettings())
    #expect(try Connection(path: copy, ignoringLog: ()).integer("PRAGMA user_version") == Schema.version - 1)
    #expect(try Connection(path: path).integer("PRAGMA user_version") == Schema.version)
  }
}

struct FileCopierTests {
  @Test(arguments: [true, false]) func bytesAreTheSameByEitherWay(usesKernel: Bool) throws {
    let home = try SQLiteHome()
    let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let (source, target) = ("\(home.folder.path)/a", "\(home.folder.path)/b")
    try Data(bytes).write(to: URL(fileURLWithPath: source))
    let (from, to) = (
      Glibc.open(source, O_RDONLY | O_CLOEXEC), Glibc.open(target, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    )
    defer { _ = [close(from), close(to)] }
    var copier = FileCopier(source: from, target: to, bytes: bytes.count, usesKernel: usesKernel)
    #expect(copier.copy(until: 1_000_000) == nil)
    #expect(copier.done == 1_000_000)
    #expect(copier.copy(until: .max) == nil)
    #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == Data(bytes))
  }

  /// As on a file system that can't copy within the kernel: here it is a file that is only appended to.
  @Test func whereTheKernelRefusesItGoesOnThroughMemory() throws {
    let home = try SQLiteHome()
    let source = try home.folder.write(String(repeating: "abc", count: 1_000_000), to: "a")
    let target = "\(home.folder.path)/b"
    let (from, to) = (
      Glibc.open(source, O_RDONLY | O_CLOEXEC),
      Glibc.open(target, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    )
    defer { _ = [close(from), close(to)] }
    var copier = FileCopier(source: from, target: to, bytes: 3_000_000)
    #expect(copier.copy(until: .max) == nil)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: target)) == Data(contentsOf: URL(fileURLWithPath: source)))
  }

  @Test func anErrorOfTheDiskIsNotTakenForARefusal() throws {
    let home = try SQLiteHome()
    let source = try home.folder.write("abc", to: "a")
    let (from, to) = (Glibc.open(source, O_RDONLY | O_CLOEXEC), Glibc.open("/dev/full", O_RDWR | O_CLOEXEC))
    defer { _ = [close(from), close(to)] }
    var copier = FileCopier(source: from, target: to, bytes: 3)
    #expect(copier.copy(until: .max) == SystemError(code: ENOSPC))
  }

  @Test func aSourceThatIsShorterThanItWasIsNoCopy() throws {
    let home = try SQLiteHome()
    let source = try home.folder.write("short", to: "a")
    let (from, to) = (
      Glibc.open(source, O_RDONLY | O_CLOEXEC),
      Glibc.open("\(home.folder.path)/b", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    )
    defer { _ = [close(from), close(to)] }
    var copier = FileCopier(source: from, target: to, bytes: 100)
    #expect(copier.copy(until: 100) == SystemError(code: EIO))
  }
}

import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// A log that can't be written over: because of a reader, or of the disk.
struct LogHoldTests {
  private let bench: KeepingBench
  private var keeper: StoreKeeper { bench.keeper }
  private var hold: LogHold { keeper.log.hold }

  init() throws {
    bench = try KeepingBench()
    bench.configure(retention: 1_000_000, maxBytes: 16 << 20)
  }

  // MARK: The rule

  @Test func aReaderCountsWhenTheSecondLookFindsOneToo() {
    var hold = LogHold()
    hold.note(.held(by: "sqlite3 (process 7)"), at: .second(0))
    #expect(hold.holder == nil && hold.isBlocked)
    hold.note(.held(by: "backup (process 8)"), at: .second(1))
    #expect(hold.holder == "backup (process 8)")
    hold.note(.held(by: "sqlite3 (process 9)"), at: .second(2))
    #expect(hold.holder == "backup (process 8)", "one line for each hold, not for each reader")
    hold.note(.free, at: .second(3))
    #expect(hold.holder == nil && !hold.isBlocked)
    hold.note(.held(by: "sqlite3 (process 7)"), at: .second(4))
    #expect(hold.holder == nil)
  }

  @Test func aSmallLogIsNotLookedAtAndABlockedOneEachSecond() {
    var hold = LogHold()
    #expect(!hold.isDue(isLarge: false, now: .second(0)))
    #expect(hold.isDue(isLarge: true, now: .second(0)))
    hold.note(.failed("no luck"), at: .second(0))
    #expect(hold.failure == "no luck" && hold.nextLook == .second(1))
    #expect(!hold.isDue(isLarge: true, now: Timestamp.second(1).advanced(by: .milliseconds(-1))))
    #expect(hold.isDue(isLarge: false, now: .second(1)))
    hold.note(.free, at: .second(1))
    #expect(hold.failure == nil && hold.nextLook == nil)
  }

  // MARK: With a reader

  /// Fills the log far beyond the limit of the store's size, with the same few pages.
  private func fillLog() throws {
    for number in 0..<40 {
      try bench.execute("UPDATE event SET dropped = 1 - dropped, routes = '\(number)'")
      bench.clock.advance(by: .milliseconds(20))
      keeper.committed(appendedEvents: 0)
    }
  }

  /// A line of the kernel's table of locks, on the log's index.
  private func lock(of process: Int32, from first: Int, to last: Int) throws -> String {
    let index = try FileID.of(path: bench.path + "-shm").get()
    let device = "\(String(index.deviceMajor, radix: 16)):\(String(index.deviceMinor, radix: 16))"
    return "1: POSIX  ADVISORY  READ \(process) \(device):\(index.inode) \(first) \(last)\n"
  }

  private func readFromOutside() throws -> Connection {
    let reader = try Connection(path: bench.path, readOnly: true)
    try reader.execute("BEGIN; SELECT count(*) FROM event")
    let table = try lock(of: 999_999_999, from: 124, to: 124)
    bench.locks.withLock { $0 = table }
    return reader
  }

  @Test func aReaderThatStaysOpenCostsNoEventAndIsNamed() throws {
    try bench.add(at: 0, all: Array(repeating: [.delivered(0)], count: 300), body: 3_000)
    let events = try bench.rows("event")
    let reader = try readFromOutside()
    try fillLog()
    #expect(
      try FileManager.default.attributesOfItem(atPath: bench.path + "-wal")[.size] as? Int ?? 0 > 32 << 20)
    bench.keep()
    #expect(hold.isBlocked && hold.holder == nil)
    bench.clock.advance(by: .seconds(1))
    bench.keep()
    #expect(hold.holder == "process 999999999")
    #expect(try bench.rows("event") == events)
    #expect(keeper.refusal() == nil)
    // With each commit SQLite would go through all that it can't move.
    #expect(try bench.connection.integer("PRAGMA wal_autocheckpoint") == 0)

    try reader.execute("COMMIT")
    bench.locks.withLock { $0 = "" }
    #expect(keeper.nextDue == bench.clock.now().advanced(by: .seconds(1)))
    bench.clock.advance(by: .seconds(1))
    bench.keep()
    #expect(hold == LogHold(lookedAt: bench.clock.now()))
    #expect(try FileManager.default.attributesOfItem(atPath: bench.path + "-wal")[.size] as? Int == 0)
    #expect(try bench.connection.integer("PRAGMA wal_autocheckpoint")! > 0)
    #expect(keeper.nextDue.map { $0 > bench.clock.now().advanced(by: .seconds(1)) } ?? true)
  }

  @Test func aFullDiskIsNotRelievedOfEventsWhileAReaderHoldsTheLog() throws {
    try bench.add(at: 0, all: Array(repeating: [.delivered(0)], count: 300), body: 3_000)
    let events = try bench.rows("event")
    let reader = try readFromOutside()
    try fillLog()
    bench.diskSpace.withLock { $0.available = 0 }
    bench.clock.advance(by: .seconds(1))
    bench.keep()
    bench.clock.advance(by: .seconds(1))
    bench.keep()
    #expect(keeper.refusal()?.code == .full)
    #expect(try bench.rows("event") == events)
    try reader.execute("COMMIT")
    bench.locks.withLock { $0 = "" }
    bench.clock.advance(by: .seconds(1))
    bench.keep()
    #expect(try bench.rows("event").count < events.count)
  }

  @Test func aReaderThatCantBeSeenIsSaidToBeThere() throws {
    try bench.add(at: 0, all: Array(repeating: [.delivered(0)], count: 300), body: 3_000)
    let reader = try readFromOutside()
    // We have it open, as byte 128 says.
    let table = try lock(of: getpid(), from: 128, to: 128)
    bench.locks.withLock { $0 = table }
    try fillLog()
    for _ in 0..<2 {
      bench.clock.advance(by: .seconds(1))
      bench.keep()
    }
    #expect(hold.holder?.contains("can't be seen from here") == true)
    withExtendedLifetime(reader) {}
  }

  /// As on overlayfs, where the kernel's table has other numbers for the file.
  @Test func aTableThatDoesNotShowOurselvesSaysNothingOfOthers() throws {
    try bench.add(at: 0, all: Array(repeating: [.delivered(0)], count: 300), body: 3_000)
    let reader = try readFromOutside()
    bench.locks.withLock { $0 = "" }
    try fillLog()
    for _ in 0..<2 {
      bench.clock.advance(by: .seconds(1))
      bench.keep()
    }
    #expect(hold.holder == nil && hold.isBlocked)
    withExtendedLifetime(reader) {}
  }

  /// Left by a run that had its index there.
  @Test func anIndexInMemoryHasNoReadersInAFile() throws {
    let home = try SQLiteHome()
    let session = try StoreSession(
      path: home.path, duplicateLimit: 1, fileSystem: FileSystemKind(magic: 0x9123_683E))
    try session.connection.execute("CREATE TABLE t (x)")
    let stale = open(home.path + "-shm", O_WRONLY | O_CREAT, 0o600)
    close(stale)
    let index = try FileID.of(path: home.path + "-shm").get()
    let device = "\(String(index.deviceMajor, radix: 16)):\(String(index.deviceMinor, radix: 16))"
    let table = "1: POSIX  ADVISORY  READ 999999999 \(device):\(index.inode) 124 124"
    let keeper = LogKeeper(session.connection, pages: 10, locks: { LockTable(table) })
    let lookup = try LookupSession(path: home.path, fileSystem: FileSystemKind(magic: 0x9123_683E))
    try lookup.connection.execute("BEGIN")
    _ = try lookup.connection.texts("SELECT name FROM destination")
    try session.connection.execute("INSERT INTO t VALUES (1)")
    try keeper.look(.second(0))
    #expect(keeper.hold.finding == .free)
    try lookup.connection.execute("COMMIT")
  }

  /// Every commit would go through all of the log in vain.
  @Test func aLogThatCantBeMovedIsNotTriedWithEachCommit() throws {
    func limit() throws -> Int64? { try bench.connection.integer("PRAGMA wal_autocheckpoint") }
    #expect(try limit() ?? 0 > 0)
    // Within a transaction it can't be.
    try bench.execute("BEGIN IMMEDIATE")
    #expect(throws: StoreError.self) { try keeper.log.look(.second(0)) }
    #expect(try limit() == 0 && hold.failure != nil)
    try bench.execute("COMMIT")
    try keeper.log.look(.second(1))
    #expect(try limit() ?? 0 > 0)
  }

  @Test func aLogThatIsLargeWithoutAReaderIsCut() throws {
    try bench.execute("PRAGMA wal_autocheckpoint = 0")
    try bench.add(at: 0, all: Array(repeating: [.pending], count: 300), body: 3_000)
    try fillLog()
    bench.keep()
    #expect(try FileManager.default.attributesOfItem(atPath: bench.path + "-wal")[.size] as? Int == 0)
    #expect(!hold.isBlocked)
  }

  // MARK: What counts

  @Test func aPageCountsOnceWhereverItStands() throws {
    try bench.add(at: 0, all: Array(repeating: [.pending], count: 300), body: 3_000)
    let gauge = try StorePages(bench.connection)
    let before = try gauge.measure()
    #expect(before.logBytes > 1 << 20)
    try bench.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    let after = try gauge.measure()
    #expect(after.logBytes == 0)
    #expect(before.liveBytes == after.liveBytes)
  }
}

extension LogHold {
  /// One that was looked at and is free.
  fileprivate init(lookedAt time: Timestamp) {
    self.init()
    note(.free, at: time)
  }
}
